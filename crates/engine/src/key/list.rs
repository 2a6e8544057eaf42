//! Lists the signing keys.

use crate::context::{QueryContext, Repositories};
use crate::use_case::{Query, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::key::{KeyState, SigningKey};

/// Lists all signing keys, retired ones too, the oldest first, with what each does now.
#[derive(Debug, Clone)]
pub struct ListKeys;

impl UseCase for ListKeys {
    const NAME: &'static str = "key.list";
    const ACCESS: Access = Access::system();
    type Output = Vec<(SigningKey, KeyState)>;
}

impl Query for ListKeys {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<(SigningKey, KeyState)>> {
        let (scope, now) = (cx.scope(), cx.now());
        let keys = cx.signing_keys().all(&scope).await?;
        let states: Vec<_> = keys.iter().map(|key| key.state(&keys, now)).collect();
        Ok(keys.into_iter().zip(states).collect())
    }
}
