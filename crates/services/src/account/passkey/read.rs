//! Reads a passkey of the caller.

use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::passkey::{Passkey, PasskeyId};
use mainstay_engine::{Query, QueryContext, UseCase};

/// Reads a passkey of the caller.
#[derive(Debug, Clone)]
pub struct ReadPasskey {
    /// The passkey to read.
    pub id: PasskeyId,
}

impl UseCase for ReadPasskey {
    const NAME: &'static str = "passkey.read";
    const ACCESS: Access = Access::session();
    type Output = Passkey;
}

impl Query for ReadPasskey {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Passkey> {
        cx.rows().find(self.id).await
    }
}
