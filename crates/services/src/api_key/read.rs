//! Reads an API key of the caller.

use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::api_key::{ApiKey, ApiKeyId};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};

/// Reads an API key of the caller, revoked or not. Its secret is not stored.
#[derive(Debug, Clone)]
pub struct ReadApiKey {
    /// The key to read.
    pub id: ApiKeyId,
}

impl UseCase for ReadApiKey {
    const NAME: &'static str = "api-key.read";
    const ACCESS: Access = Access::session();
    type Output = ApiKey;
}

impl Query for ReadApiKey {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<ApiKey> {
        let scope = cx.scope();
        cx.api_keys().find(&scope, self.id).await
    }
}
