//! What it means that a user proved to own the address of an account.

use super::end_sessions_of;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories};

/// Notes that the user who acts owns the account's address. If that was not known before, another person may have
/// registered the account: its password is removed, and its sessions end (account pre-hijacking; Sudhodanan and
/// Paverd, USENIX Security 2022).
///
/// # Errors
/// Only the database's.
pub(crate) async fn own_address(cx: &mut CommandContext<'_>, user: User) -> Result<User> {
    if user.email_verified {
        return Ok(user);
    }
    let permit = cx.permit_of(SystemCaller::SIGN_IN, User::CONFIRM_EMAIL, &user)?;
    let verified = User {
        email_verified: true,
        ..user.clone()
    };
    let verified = verified.touched(cx.now());
    cx.users().save(&permit, &verified).await?;
    cx.credentials().remove(&permit, &verified).await?;
    cx.act_for(user.id);
    cx.record(
        permit,
        DomainEvent::updated("user.email-confirmed", &user, &verified),
    );
    end_sessions_of(cx, &verified, None).await?;
    Ok(verified)
}
