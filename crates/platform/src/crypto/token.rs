//! Access tokens: signed JWTs (RFC 7519) of the type that RFC 9068 names, short-lived and verified without I/O.

use super::from_base64url;
pub use super::token_key::{KeyError, TokenAlgorithm, TokenKey};
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;
use uuid::Uuid;

/// Maximum length of a token, in bytes. Longer ones are neither issued nor parsed.
pub const MAX_BYTES: usize = 4096;
/// How far the clocks of two nodes may differ, for `nbf` and `iat`. A token never lives past its `exp`.
pub const LEEWAY: Duration = Duration::from_secs(30);
/// The header's `typ`; other JWTs are not accepted as access tokens.
pub const TYPE: &str = "at+jwt";
const MAX_KEY_ID_BYTES: usize = 64;

/// The claims of an access token. Every member but `grants` is required; instants are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Subject: the account.
    pub sub: UserId,
    /// The e-mail address at the time of issue.
    pub email: String,
    /// The role at the time of issue.
    pub role: String,
    /// The role's permissions at the time of issue.
    pub permissions: Vec<String>,
    /// Personal permissions, each with the second at which it ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<(String, Option<i64>)>,
    /// Whether the account had a second factor at the time of issue.
    pub mfa: bool,
    /// The session that it belongs to.
    pub sid: SessionId,
    /// The token's own id.
    pub jti: Uuid,
    /// When it was issued.
    pub iat: i64,
    /// The earliest second at which it is accepted.
    pub nbf: i64,
    /// The second from which on it is not accepted.
    pub exp: i64,
    /// The audience; compared with the key ring's.
    pub aud: String,
    /// The issuer; compared with the key ring's.
    pub iss: String,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url JSON, longer than [`MAX_BYTES`], or without a required claim.
    #[error("not an access token")]
    Malformed,
    /// Another kind of JWT: its `typ` is not [`TYPE`].
    #[error("a JWT of another type")]
    WrongType,
    /// Signed with a key that is not, or no longer, accepted.
    #[error("signed with the unknown key {0}")]
    UnknownKey(String),
    /// The header names another algorithm than its key has.
    #[error("the algorithm is not the one of the key")]
    WrongAlgorithm,
    /// Not signed by its key, or changed since.
    #[error("the signature is wrong")]
    BadSignature,
    /// From another issuer.
    #[error("from another issuer")]
    WrongIssuer,
    /// For another audience.
    #[error("for another audience")]
    WrongAudience,
    /// Its `nbf` or `iat` is more than [`LEEWAY`] in the future.
    #[error("not valid yet")]
    NotYetValid,
    /// Its `exp` has passed.
    #[error("expired")]
    Expired,
}

impl Claims {
    /// Checks `nbf` and `iat` with [`LEEWAY`], `exp` without.
    ///
    /// # Errors
    /// [`TokenError::NotYetValid`] or [`TokenError::Expired`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), TokenError> {
        if now >= Timestamp::from_seconds(self.exp) {
            return Err(TokenError::Expired);
        }
        if now.after(LEEWAY) < Timestamp::from_seconds(self.nbf.max(self.iat)) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }
}

/// The issue time that a token claims. The token is unverified: use it only to decide what to check next.
pub fn claimed_issue(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Issue {
        iat: i64,
    }
    let claims = from_base64url(Unverified::parse(token).ok()?.claims)?;
    let issue: Issue = serde_json::from_slice(&claims).ok()?;
    Some(Timestamp::from_seconds(issue.iat))
}

/// A parsed token. None of its content is trusted.
pub(super) struct Unverified<'a> {
    pub(super) key: String,
    pub(super) algorithm: String,
    /// Header and claims as signed.
    pub(super) message: &'a str,
    pub(super) claims: &'a str,
    pub(super) signature: &'a str,
}

#[derive(Deserialize)]
struct TokenHeader<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    typ: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Unverified<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let header = from_base64url(header).ok_or(TokenError::Malformed)?;
        let header: TokenHeader<'_> = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        if !header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE)) {
            return Err(TokenError::WrongType);
        }
        // RFC 7515, 4.1.11: `crit` lists extensions that the recipient must understand, and we support none.
        if header.crit.is_some() || header.kid.len() > MAX_KEY_ID_BYTES {
            return Err(TokenError::Malformed);
        }
        let (key, algorithm) = (header.kid.into_owned(), header.alg.into_owned());
        Ok(Self {
            key,
            algorithm,
            message,
            claims,
            signature,
        })
    }
}
