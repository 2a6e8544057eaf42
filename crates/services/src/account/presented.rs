//! Verifies a refresh token that a client presents.

use super::seed::open_seed;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::session::{RefreshTokenUse, Session};
use mainstay_domain::{Error, Result};
use mainstay_engine::{CommandContext, Repositories};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::refresh::RefreshToken;

/// An authentic refresh token: no other client than those that received it can present it.
pub(super) struct VerifiedRefresh {
    /// The session that it belongs to, ended or not.
    pub(super) session: Session,
    /// The seed of the session's tokens.
    pub(super) seed: [u8; 32],
    /// What the token's generation means for the session.
    pub(super) token_use: RefreshTokenUse,
}

/// Verifies a refresh token.
///
/// # Errors
/// `TOKEN_INVALID` when it is malformed or forged.
pub(super) async fn presented_session(
    cx: &mut CommandContext<'_>,
    token: &Secret<String>,
) -> Result<VerifiedRefresh> {
    let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
    let token = RefreshToken::parse(token.expose()).ok_or_else(invalid)?;
    let scope = cx.scope_of(SystemCaller::SIGN_IN);
    let found = cx.sessions().with_seed(&scope, token.session()).await?;
    let (session, sealed) = found.ok_or_else(invalid)?;
    let seed = open_seed(&cx.components().sealer, &session, &sealed)?;
    if !token.matches(&seed) {
        return Err(invalid());
    }
    Ok(VerifiedRefresh {
        token_use: session.classify(token.generation()),
        session,
        seed,
    })
}
