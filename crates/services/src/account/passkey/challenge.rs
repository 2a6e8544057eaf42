//! The challenges of ceremonies: what the server remembers until the browser answers.
//!
//! A challenge is a one-time token that the browser returns inside of its response. So its digest is the key under which
//! it is stored, and it works once.

use super::site::internal;
use crate::account::one_time::unreadable;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::id::UserId;
use mainstay_domain::one_time_token::{OneTimeToken, TokenPurpose};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Components, PrepareContext, Repositories};
use mainstay_platform::crypto::passkey::{Ceremony, PasskeyError};
use mainstay_platform::crypto::{base64url, from_base64url};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The context that the state of ceremonies is sealed in.
const CEREMONY: &str = "passkey-ceremony";

/// What a browser needs for a ceremony: `publicKey` of the options, in the JSON form of WebAuthn level 3.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasskeyOptions(pub Value);

/// A challenge that was found, and what its ceremony needs to finish.
#[derive(Debug, Clone)]
pub(super) struct Challenge {
    pub(super) purpose: TokenPurpose,
    /// The account that it was issued for; `None` when the passkey is to name it.
    pub(super) user_id: Option<UserId>,
    pub(super) digest: [u8; 32],
    pub(super) state: String,
}

fn invalid() -> Error {
    Error::Unauthenticated(Unauthenticated::Invalid)
}

/// Remembers the challenge of a ceremony; returns what the browser needs.
pub(super) async fn remember(
    cx: &mut CommandContext<'_>,
    purpose: TokenPurpose,
    user_id: Option<UserId>,
    ceremony: Result<Ceremony, PasskeyError>,
) -> Result<PasskeyOptions> {
    let Ceremony {
        options,
        digest,
        state,
    } = ceremony.map_err(internal)?;
    let sealed = cx
        .components()
        .sealer
        .seal(CEREMONY, &digest, state.as_bytes(), cx.random());
    let now = cx.now();
    let row = OneTimeToken {
        purpose,
        user_id,
        payload: Some(serde_json::to_string(&base64url(&sealed)).map_err(Error::internal)?),
        browser: None,
        expires_at: now.after(purpose.ttl()),
    };
    cx.one_time_tokens().insert(&digest, &row, now).await?;
    Ok(PasskeyOptions(options))
}

/// Finds the challenge that a response answers, without using it.
///
/// # Errors
/// `TOKEN_INVALID` when it was used, has expired, is for another ceremony, or was never issued.
pub(super) async fn find(
    cx: &PrepareContext<'_>,
    purpose: TokenPurpose,
    digest: Option<[u8; 32]>,
) -> Result<Challenge> {
    let (digest, now) = (digest.ok_or_else(invalid)?, cx.now());
    let read =
        cx.read(move |cx| Box::pin(async move { cx.one_time_tokens().find(purpose, &digest, now).await }));
    let token = read.await?.ok_or_else(invalid)?;
    Ok(Challenge {
        purpose,
        user_id: token.user_id,
        state: open(cx.components(), &digest, token.payload.as_deref())?,
        digest,
    })
}

/// Uses a challenge: of two responses to it, one succeeds.
///
/// # Errors
/// `TOKEN_INVALID` when it was used meanwhile.
pub(super) async fn consume(cx: &mut CommandContext<'_>, challenge: &Challenge) -> Result<()> {
    let now = cx.now();
    let used = cx
        .one_time_tokens()
        .consume(challenge.purpose, &challenge.digest, now)
        .await?;
    used.map(|_| ()).ok_or_else(invalid)
}

/// Opens the state of a ceremony, which is sealed for its challenge.
///
/// # Errors
/// `TOKEN_INVALID` when its key was removed meanwhile.
fn open(components: &Components, digest: &[u8; 32], payload: Option<&str>) -> Result<String> {
    let bad = || Error::bug("the state of a ceremony is not readable");
    let sealed: String = serde_json::from_str(payload.ok_or_else(bad)?).map_err(Error::internal)?;
    let sealed = from_base64url(&sealed).ok_or_else(bad)?;
    let plain = components.sealer.open(CEREMONY, digest, &sealed);
    let plain = plain.map_err(unreadable)?;
    std::str::from_utf8(&plain)
        .map(str::to_owned)
        .map_err(Error::internal)
}
