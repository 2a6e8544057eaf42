//! Tokens of links in mails, which were sent to one address of one account.

use super::one_time::consume;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, Repositories, Secret};
use mainstay_platform::crypto::opaque::OpaqueToken;

/// The account and the token of a link, read without using the token.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) user: User,
    /// The account's password hash, if it has one.
    pub(super) hash: Option<String>,
}

pub(super) fn invalid() -> Error {
    Error::Unauthenticated(Unauthenticated::Invalid)
}

/// The account of a link, and its password hash, before the token is used: work that takes long is done only for a
/// token that was issued.
///
/// # Errors
/// `TOKEN_INVALID` as with [`consume`], also when the account is gone.
pub(super) async fn find_link(
    cx: &PrepareContext<'_>,
    purpose: TokenPurpose,
    text: &Secret<String>,
) -> Result<Link> {
    let token = OpaqueToken::parse(purpose.prefix(), text.expose()).ok_or_else(invalid)?;
    let now = cx.now();
    let read = cx.read(move |cx| {
        Box::pin(async move {
            let found = cx
                .one_time_tokens()
                .find(purpose, token.digest().as_bytes(), now)
                .await?;
            let id = found.and_then(|token| token.user_id).ok_or_else(invalid)?;
            let scope = cx.scope_of(SystemCaller::SIGN_IN);
            let user = cx.users().find(&scope, id).await.map_err(account_gone)?;
            let hash = cx.credentials().find(&scope, id).await?;
            Ok(Link { user, hash })
        })
    });
    read.await
}

/// Uses the token of a link, and finds its account.
///
/// # Errors
/// `TOKEN_INVALID`, also when the account is gone.
pub(super) async fn consume_link(
    cx: &mut CommandContext<'_>,
    purpose: TokenPurpose,
    text: &Secret<String>,
) -> Result<(OneTimeToken, User)> {
    let token = consume(cx, purpose, text.expose()).await?;
    let id = token.user_id.ok_or_else(invalid)?;
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let user = cx.users().find(&scope, id).await.map_err(account_gone)?;
    Ok((token, user))
}

/// The error of a token whose account cannot be read.
fn account_gone(error: Error) -> Error {
    match error {
        Error::NotFound => invalid(),
        // An unavailable database proves nothing about the token.
        other => other,
    }
}

/// Checks that a token was sent to the address that the account has now: a link in the mailbox of a former address must
/// not work.
///
/// # Errors
/// `TOKEN_INVALID`.
pub(super) fn check_address(token: &OneTimeToken, user: &User) -> Result<()> {
    match token.payload.as_deref() == Some(user.email.as_str()) {
        true => Ok(()),
        false => Err(invalid()),
    }
}
