//! Resolves a credential to a caller.

use super::authentication::{Authentication, Version};
use super::directory::AccessDirectory;
use super::issued_sessions::IssuedSessions;
use super::last_seen::LastSeen;
use crate::key::KeyStore;
use crate::node::Node;
use mainstay_domain::error::{Error, Result, Unauthenticated};
use mainstay_platform::crypto::token::{TokenError, claimed_issue};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

/// Resolves access tokens to callers, and caches the last ten thousand.
pub struct Authenticator {
    node: Node,
    directory: Arc<AccessDirectory>,
    keys: Arc<KeyStore>,
    issued: Arc<IssuedSessions>,
    last_seen: Arc<LastSeen>,
    /// How long an access token is valid.
    access_ttl: Duration,
    seen: moka::sync::Cache<Arc<str>, Arc<Authentication>>,
}

impl Authenticator {
    /// An authenticator that has resolved no token yet.
    pub fn new(
        node: Node,
        directory: Arc<AccessDirectory>,
        keys: Arc<KeyStore>,
        issued: Arc<IssuedSessions>,
        last_seen: Arc<LastSeen>,
        access_ttl: Duration,
    ) -> Self {
        Self {
            node,
            directory,
            keys,
            issued,
            last_seen,
            access_ttl,
            seen: moka::sync::Cache::new(10_000),
        }
    }

    /// Resolves an access token to its bearer, as of now. No I/O, unless the token names a signing key or a session that
    /// this node does not know yet.
    ///
    /// # Errors
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` or `ACCOUNT_DISABLED`; `UNAVAILABLE` when the database is
    /// unavailable and the node does not know the key or the session.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Authentication>> {
        let now = self.node.now();
        let mut version = self.version();
        if let Some(seen) = self.seen.get(token)
            && seen.version == version
            && now < seen.good_until
        {
            self.last_seen.note(&seen, now);
            return Ok(seen);
        }
        let claims = match self.keys.ring().verify(token, now) {
            Err(TokenError::UnknownKey(_)) => {
                self.keys.reload_if_due(claimed_issue(token)).await?;
                version = self.version();
                self.keys.ring().verify(token, now)
            }
            other => other,
        };
        let claims = claims.map_err(|error| Error::Unauthenticated(meaning(&error)))?;
        self.issued.check(&claims).await?;
        let resolved = self.directory.resolve(&claims, self.access_ttl, now)?;
        let token: Arc<str> = token.into();
        let authentication = Arc::new(Authentication {
            token: Arc::clone(&token),
            principal: Arc::new(resolved.principal),
            version,
            good_until: resolved.good_until,
            seen_minute: AtomicI64::new(i64::MIN),
        });
        self.last_seen.note(&authentication, now);
        self.seen.insert(token, Arc::clone(&authentication));
        Ok(authentication)
    }

    /// Whether nothing has changed since that could make this another caller.
    pub(crate) fn is_current(&self, authentication: &Authentication) -> bool {
        authentication.version == self.version() && self.node.now() < authentication.good_until
    }

    fn version(&self) -> Version {
        Version {
            access: self.directory.version(),
            keys: self.keys.ring().generation(),
        }
    }
}

fn meaning(error: &TokenError) -> Unauthenticated {
    match error {
        TokenError::Expired => Unauthenticated::Expired,
        _ => Unauthenticated::Invalid,
    }
}
