//! Turns a credential into a caller.

use super::directory::AccessDirectory;
use crate::services::Services;
use mainstay_domain::access::{Caller, Principal};
use mainstay_domain::error::{Error, Result, Unauthenticated};
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::token::TokenError;
use std::sync::Arc;

/// Turns access tokens into callers, and remembers the last ten thousand it saw.
pub struct Authenticator {
    directory: Arc<AccessDirectory>,
    seen: moka::sync::Cache<Box<str>, Seen>,
}

#[derive(Clone)]
struct Seen {
    principal: Arc<Principal>,
    version: u64,
    good_until: Timestamp,
}

impl Authenticator {
    pub(crate) fn new(directory: Arc<AccessDirectory>) -> Self {
        Self {
            directory,
            seen: moka::sync::Cache::new(10_000),
        }
    }
}

impl Services {
    /// Who the bearer of an access token is at this instant. No I/O, unless the token names a signing key that
    /// this node has not heard of.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` or `ACCOUNT_DISABLED`.
    pub async fn authenticate(&self, token: &str) -> Result<Caller> {
        let now = self.now();
        let authenticator = self.authenticator();
        let version = authenticator.directory.version();
        if let Some(seen) = authenticator.seen.get(token)
            && seen.version == version
            && now < seen.good_until
        {
            return Ok(Caller::User(seen.principal));
        }
        let keys = &self.parts().keys;
        let claims = match keys.ring().verify(token, now) {
            Err(TokenError::UnknownKey(_)) => {
                self.reload_keys_if_due().await?;
                keys.ring().verify(token, now)
            }
            other => other,
        };
        let claims = claims.map_err(|error| Error::Unauthenticated(meaning(&error)))?;
        let resolved = authenticator.directory.resolve(&claims, now)?;
        let principal = Arc::new(resolved.principal);
        let seen = Seen {
            principal: Arc::clone(&principal),
            version,
            good_until: resolved.good_until,
        };
        authenticator.seen.insert(token.into(), seen);
        Ok(Caller::User(principal))
    }
}

fn meaning(error: &TokenError) -> Unauthenticated {
    match error {
        TokenError::Expired => Unauthenticated::Expired,
        _ => Unauthenticated::Invalid,
    }
}
