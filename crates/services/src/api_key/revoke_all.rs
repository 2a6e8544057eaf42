//! Revokes all API keys of an account.

use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Revokes all API keys of an account, at once on every node, and records it: for a client that proved that it reads the
/// mail of the account's address, where a stranger may have made the keys, and when the account is closed.
///
/// # Errors
/// Only the database's.
pub(crate) async fn revoke_api_keys_of(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    let now = cx.now();
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::REVOKE_API_KEYS, user)?;
    let revoked = cx.api_keys().revoke_all(&permit, user, now).await?;
    if revoked.is_empty() {
        return Ok(());
    }
    for id in &revoked {
        cx.access_changed(AccessChange::ApiKeyRevoked(*id));
    }
    let facts = json!({"apiKeys": revoked});
    cx.record(
        permit,
        DomainEvent::noted("api-key.all-revoked", "REVOKE_ALL", &facts),
    );
    Ok(())
}
