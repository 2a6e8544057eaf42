//! Closes an account for good.

use super::updated_profile;
use crate::account::end_sessions_of;
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Permit;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Closes an account: its sessions end, its password, identities, links in mails and permissions are removed, its address is free, and nothing in
/// its row names the person any more. Orders and audit entries stay, with the id as a pseudonym, because the law keeps
/// them. The event holds no personal data: the audit trail cannot forget.
pub(super) async fn close_account(
    cx: &mut CommandContext<'_>,
    permit: Permit<User>,
    user: User,
) -> Result<()> {
    end_sessions_of(cx, &user, None).await?;
    cx.identities().remove_all(&permit, &user).await?;
    cx.one_time_tokens().revoke_every_of(user.id).await?;
    let facts = json!({"id": user.id, "role": user.role, "status": user.status});
    let erased = user.erased(cx.now());
    cx.users().delete(&permit, &erased).await?;
    cx.record(permit, DomainEvent::deleted("user.deleted", &facts));
    updated_profile(cx, erased).await?;
    Ok(())
}
