//! What the server remembers while a browser is at an identity provider.

use super::return_to::ReturnTo;
use crate::account::one_time::unreadable;
use crate::spelled;
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::random::{self, Random};
use mainstay_domain::{Error, Result};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::{base64url, from_base64url, sha256};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The context that sealed attempts are bound to.
const ATTEMPT: &str = "provider-sign-in";

/// An attempt to sign in by a provider. It is stored sealed, because it holds the secrets that prove the provider's
/// answer to be meant for it. Its `Debug` output hides them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) provider: String,
    pub(super) return_to: ReturnTo,
    /// The code verifier (RFC 7636): 256 random bits.
    #[serde(with = "spelled")]
    pub(super) verifier: Secret<String>,
    /// The nonce of the id token: 256 random bits.
    #[serde(with = "spelled")]
    pub(super) nonce: Secret<String>,
    /// The account that was signed in when it began, to which the identity is linked.
    pub(super) link_to: Option<LinkTarget>,
}

/// The account to which an identity is linked, and the session that asked for it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct LinkTarget {
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

impl Attempt {
    pub(super) fn new(
        provider: String,
        return_to: ReturnTo,
        link_to: Option<LinkTarget>,
        random: &dyn Random,
    ) -> Self {
        let secret = || Secret::new(base64url(&random::bytes::<32>(random)));
        Self {
            provider,
            return_to,
            verifier: secret(),
            nonce: secret(),
            link_to,
        }
    }

    /// The code challenge, by the method S256.
    pub(super) fn challenge(&self) -> String {
        base64url(&sha256(self.verifier.expose().as_bytes()))
    }

    /// The payload of the one-time token: sealed for the browser, in JSON.
    pub(super) fn seal(&self, browser: &[u8; 32], sealer: &Sealer, random: &dyn Random) -> Result<String> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(self).map_err(Error::internal)?);
        let sealed = base64url(&sealer.seal(ATTEMPT, browser, &plain, random));
        serde_json::to_string(&sealed).map_err(Error::internal)
    }

    /// Opens a payload.
    ///
    /// # Errors
    /// `TOKEN_INVALID` when its key was removed meanwhile; `INTERNAL_ERROR` when it was changed in the database.
    pub(super) fn open(payload: &str, browser: &[u8; 32], sealer: &Sealer) -> Result<Self> {
        let sealed: String = serde_json::from_str(payload).map_err(Error::internal)?;
        let sealed = from_base64url(&sealed).ok_or_else(|| Error::bug("an attempt is not in base64url"))?;
        let plain = sealer.open(ATTEMPT, browser, &sealed).map_err(unreadable)?;
        serde_json::from_slice(&plain).map_err(Error::internal)
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({})", self.provider)
    }
}
