//! Resolves a credential to a caller.

use super::directory::AccessDirectory;
use crate::services::Services;
use mainstay_domain::access::{Caller, Principal};
use mainstay_domain::error::{Error, Result, Unauthenticated};
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::token::{TokenError, claimed_issue};
use std::fmt;
use std::sync::Arc;

/// Resolves access tokens to callers, and caches the last ten thousand.
pub struct Authenticator {
    directory: Arc<AccessDirectory>,
    seen: moka::sync::Cache<Arc<str>, Arc<Authentication>>,
}

/// A credential and the caller it resolved to, as of an instant; enough to resolve it again later. `Debug` does not
/// print the token.
pub struct Authentication {
    token: Arc<str>,
    principal: Arc<Principal>,
    version: Version,
    good_until: Timestamp,
}

/// The versions of the directory and of the keys that a caller was resolved with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    access: u64,
    keys: u64,
}

impl Authenticator {
    pub(crate) fn new(directory: Arc<AccessDirectory>) -> Self {
        Self {
            directory,
            seen: moka::sync::Cache::new(10_000),
        }
    }
}

impl Authentication {
    /// The caller that the credential resolved to.
    pub fn caller(&self) -> Caller {
        Caller::User(Arc::clone(&self.principal))
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Standing({}, until {})", self.principal.id, self.good_until)
    }
}

impl Services {
    /// Resolves an access token to its bearer, as of now. No I/O, unless the token names a signing key that this node
    /// does not know yet.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` or `ACCOUNT_DISABLED`.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Authentication>> {
        let now = self.now();
        let authenticator = self.authenticator();
        let mut version = self.access_version();
        if let Some(seen) = authenticator.seen.get(token)
            && seen.version == version
            && now < seen.good_until
        {
            return Ok(seen);
        }
        let keys = &self.parts().keys;
        let claims = match keys.ring().verify(token, now) {
            Err(TokenError::UnknownKey(_)) => {
                self.reload_keys_if_due(claimed_issue(token)).await?;
                version = self.access_version();
                keys.ring().verify(token, now)
            }
            other => other,
        };
        let claims = claims.map_err(|error| Error::Unauthenticated(meaning(&error)))?;
        let life = self.policies().access_ttl;
        let resolved = authenticator.directory.resolve(&claims, life, now)?;
        let token: Arc<str> = token.into();
        let standing = Arc::new(Authentication {
            token: Arc::clone(&token),
            principal: Arc::new(resolved.principal),
            version,
            good_until: resolved.good_until,
        });
        authenticator.seen.insert(token, Arc::clone(&standing));
        Ok(standing)
    }

    /// Whether nothing has changed since that could make this another caller.
    pub(crate) fn is_current(&self, standing: &Authentication) -> bool {
        standing.version == self.access_version() && self.now() < standing.good_until
    }

    fn access_version(&self) -> Version {
        Version {
            access: self.directory().version(),
            keys: self.parts().keys.ring().generation(),
        }
    }
}

fn meaning(error: &TokenError) -> Unauthenticated {
    match error {
        TokenError::Expired => Unauthenticated::Expired,
        _ => Unauthenticated::Invalid,
    }
}
