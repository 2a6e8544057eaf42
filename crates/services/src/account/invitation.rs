//! The link of an invitation.

use super::one_time::{NewToken, issue};
use crate::mail::{self, AccountMail};
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Repositories, Secret};

/// Mails an invited user the link by which they accept. The links that were sent before stop working. The use case that
/// calls it has checked that its caller may.
///
/// # Errors
/// Only the database's.
pub(crate) async fn send_invitation(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    end_invitation(cx, user).await?;
    let valid = cx.components().policies.invitation_ttl;
    let new = NewToken {
        payload: Some(user.email.as_str().to_owned()),
        ttl: valid,
        ..NewToken::of(TokenPurpose::Invitation, user.id)
    };
    let token = Secret::new(issue(cx, new).await?.text().to_owned());
    mail::send(cx, user, AccountMail::Invitation { token, valid })
}

/// Makes the links of an account's invitation unusable.
///
/// # Errors
/// Only the database's.
pub(crate) async fn end_invitation(cx: &mut CommandContext<'_>, user: &User) -> Result<()> {
    let now = cx.now();
    cx.one_time_tokens()
        .use_up(user.id, TokenPurpose::Invitation, now)
        .await?;
    Ok(())
}

/// Whether an account was in use at any time: its address was confirmed, or something was set up that signs in to it. One
/// that was not is an invited one, even after it was disabled.
///
/// # Errors
/// Only the database's.
pub(crate) async fn was_in_use(cx: &mut CommandContext<'_>, user: &User) -> Result<bool> {
    let (users, identities) = (
        cx.scope_of(SystemCaller::SIGN_IN),
        cx.scope_of(SystemCaller::SIGN_IN),
    );
    Ok(user.email_verified
        || cx.credentials().find(&users, user.id).await?.is_some()
        || cx.identities().count_of(&identities, user.id).await? > 0)
}
