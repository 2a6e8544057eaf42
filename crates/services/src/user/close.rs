//! Closes an account for good.

use super::updated_profile;
use crate::account::end_sessions_of;
use crate::api_key::revoke_api_keys_of;
use crate::mail::{self, AccountMail, Recipient};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Permit, SystemCaller};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories};
use serde_json::json;

/// Closes an account: its sessions end, its API keys are revoked, its password, passkeys, identities, exports, links in
/// mails and permissions are removed, its address is free, and nothing in its row names the person any more. Orders and
/// audit entries stay, with the id as a pseudonym, because the law keeps
/// them. The event holds no personal data: the audit trail cannot forget.
pub(super) async fn close_account(
    cx: &mut CommandContext<'_>,
    permit: Permit<User>,
    user: User,
) -> Result<()> {
    end_sessions_of(cx, &user, None).await?;
    revoke_api_keys_of(cx, &user).await?;
    cx.one_time_tokens().remove_of(user.id).await?;
    cx.identities().remove_all(&permit, &user).await?;
    cx.passkeys().remove_all(&permit, &user).await?;
    cx.data_exports().remove_all(&permit, &user).await?;
    let facts = json!({"id": user.id, "role": user.role, "status": user.status});
    let erased = user.erased(cx.now());
    cx.users().delete(&permit, &erased).await?;
    cx.record(permit, DomainEvent::deleted("user.deleted", &facts));
    updated_profile(cx, erased).await?;
    Ok(())
}

/// Closes an account, because its owner requested it, and informs the owner at the address that it had.
///
/// # Errors
/// Only the database's.
pub(super) async fn close_own_account(cx: &mut CommandContext<'_>, user: User) -> Result<()> {
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::DELETE, &user)?;
    mail::send(cx, Recipient::from(&user), AccountMail::AccountDeleted)?;
    close_account(cx, permit, user).await
}
