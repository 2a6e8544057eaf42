//! Removes the second factors of an account whose user has lost them.

use super::super::second_factor::follow_factors;
use crate::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::CommandContext;

/// Removes every second factor of an account, its passkeys among them, for an administrator; the caller has checked that the administrator outranks
/// the account. The password alone signs in then, so the user has to prove who they are by other means before. Returns the
/// account as it is then.
///
/// # Errors
/// The policy denies it.
pub async fn reset_factors(cx: &mut CommandContext<'_>, user: &User) -> Result<User> {
    let permit = cx.permit(User::RESET_FACTORS, user)?;
    cx.totp_factors().delete(&permit, user).await?;
    cx.passkeys().remove_all(&permit, user).await?;
    let after = follow_factors(cx, &permit, user).await?;
    cx.record(
        permit,
        DomainEvent::acted("user.factors-reset", "RESET_FACTORS", user, &after),
    );
    Ok(after)
}
