//! Issues and consumes one-time tokens.

use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, PrepareContext, Repositories};
use mainstay_platform::crypto::opaque::OpaqueToken;
use mainstay_platform::crypto::seal::SealError;
use std::time::Duration;

/// A one-time token to issue.
pub(crate) struct NewToken<'n> {
    /// What it is for, which decides its prefix.
    pub(crate) purpose: TokenPurpose,
    /// How long it is valid.
    pub(crate) ttl: Duration,
    /// The account that it is for, if any.
    pub(crate) user_id: Option<UserId>,
    /// What it stands for besides its account: JSON.
    pub(crate) payload: Option<String>,
    /// The digest of the secret of the browser that it is bound to.
    pub(crate) browser: Option<&'n [u8; 32]>,
}

impl NewToken<'_> {
    /// A token for an account, valid for the time of its purpose and bound to no browser.
    pub(crate) fn of(purpose: TokenPurpose, user_id: UserId) -> Self {
        Self {
            purpose,
            ttl: purpose.ttl(),
            user_id: Some(user_id),
            payload: None,
            browser: None,
        }
    }
}

/// The error of a sealed payload that cannot be opened. Payloads are not sealed again when a master key is removed, because
/// they are valid for minutes: they are over then, like expired ones.
pub(crate) fn unreadable(error: SealError) -> Error {
    match error {
        SealError::UnknownKey(_) => Error::Unauthenticated(Unauthenticated::Invalid),
        SealError::Tampered => Error::internal(error),
    }
}

/// Issues a token. Only its digest is stored, so the result is the only place where it can be read.
///
/// # Errors
/// Only the database's.
pub(crate) async fn issue(cx: &mut CommandContext<'_>, new: NewToken<'_>) -> Result<OpaqueToken> {
    let token = OpaqueToken::mint(new.purpose.prefix(), cx.random());
    let now = cx.now();
    let row = OneTimeToken {
        purpose: new.purpose,
        user_id: new.user_id,
        payload: new.payload,
        browser: new.browser.map(|digest| digest.to_vec()),
        expires_at: now.after(new.ttl),
    };
    cx.one_time_tokens()
        .insert(token.digest().as_bytes(), &row, now)
        .await?;
    Ok(token)
}

/// Uses a token that a client presents. Of two requests with the same token, one succeeds.
///
/// # Errors
/// `TOKEN_INVALID` when it is malformed, used, expired, for another purpose or was never issued.
pub(crate) async fn consume(
    cx: &mut CommandContext<'_>,
    purpose: TokenPurpose,
    text: &str,
) -> Result<OneTimeToken> {
    let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
    let (token, now) = (
        OpaqueToken::parse(purpose.prefix(), text).ok_or_else(invalid)?,
        cx.now(),
    );
    let found = cx
        .one_time_tokens()
        .consume(purpose, token.digest().as_bytes(), now)
        .await?;
    found.ok_or_else(invalid)
}

/// Finds a token that a client presents, without using it: for work that precedes the transaction that does.
///
/// # Errors
/// As [`consume`].
pub(crate) async fn peek(cx: &PrepareContext<'_>, purpose: TokenPurpose, text: &str) -> Result<OneTimeToken> {
    let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
    let token = OpaqueToken::parse(purpose.prefix(), text).ok_or_else(invalid)?;
    let (digest, now) = (token.digest(), cx.now());
    let read = cx.read(move |cx| {
        Box::pin(async move { cx.one_time_tokens().find(purpose, digest.as_bytes(), now).await })
    });
    read.await?.ok_or_else(invalid)
}
