//! Revokes an API key.

use mainstay_domain::access::Access;
use mainstay_domain::api_key::{ApiKey, ApiKeyId, ApiKeyStatus};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessChange;
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};

/// Revokes an API key of the caller, for good and at once on every node.
#[derive(Debug, Clone)]
pub struct RevokeApiKey {
    /// The key to revoke.
    pub id: ApiKeyId,
}

impl UseCase for RevokeApiKey {
    const NAME: &'static str = "api-key.revoke";
    const ACCESS: Access = Access::session();
    type Output = ();
}

impl Command for RevokeApiKey {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope(), cx.now());
        let key = cx.api_keys().find(&scope, self.id).await?;
        let permit = cx.permit(ApiKey::REVOKE, &key)?;
        let is_active = key.status == ApiKeyStatus::Active;
        if !is_active || !cx.api_keys().revoke(&permit, &key, now).await? {
            return Err(Error::NotFound);
        }
        cx.access_changed(AccessChange::ApiKeyRevoked(key.id));
        let revoked = key.clone().revoked(now);
        cx.record(
            permit,
            DomainEvent::acted("api-key.revoked", "REVOKE", &key, &revoked),
        );
        Ok(())
    }
}
