//! Resolves a credential to a caller.

use super::api_keys::KnownApiKeys;
use super::authentication::{Authentication, Version};
use super::directory::AccessDirectory;
use super::issued_sessions::IssuedSessions;
use super::last_seen::LastSeen;
use crate::key::KeyStore;
use crate::node::Node;
use mainstay_domain::error::{Error, Result, Unauthenticated};
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::api_key::ApiKeySecret;
use mainstay_platform::crypto::token::{TokenError, claimed_issue};
use mainstay_platform::limiter::Limiter;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Resolves access tokens and API keys to callers, and caches the last ten thousand.
pub struct Authenticator {
    node: Node,
    directory: Arc<AccessDirectory>,
    keys: Arc<KeyStore>,
    issued: Arc<IssuedSessions>,
    last_seen: Arc<LastSeen>,
    /// How long an access token is valid.
    access_ttl: Duration,
    api_keys: KnownApiKeys,
    seen: moka::sync::Cache<Arc<str>, Arc<Authentication>>,
}

impl Authenticator {
    /// An authenticator that has resolved no credential yet. `limiter` counts API keys that have to be read; `None` where
    /// limits do not apply.
    pub fn new(
        node: Node,
        directory: Arc<AccessDirectory>,
        keys: Arc<KeyStore>,
        issued: Arc<IssuedSessions>,
        last_seen: Arc<LastSeen>,
        access_ttl: Duration,
        limiter: Option<Arc<Limiter>>,
    ) -> Self {
        Self {
            api_keys: KnownApiKeys::new(node.clone(), Arc::clone(&directory), limiter, access_ttl),
            node,
            directory,
            keys,
            issued,
            last_seen,
            access_ttl,
            seen: moka::sync::Cache::new(10_000),
        }
    }

    /// Resolves a credential that a client at `address` presented, an access token or an API key, as of now. No I/O for a
    /// credential of which this node knows the signing key and the session, or the API key. Whether an API key is
    /// accepted from the address is checked where access is:
    /// [`RequestContext::admit`](crate::RequestContext::admit).
    ///
    /// # Errors
    /// `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_REVOKED` or `ACCOUNT_DISABLED`; `RATE_LIMITED` for too many API keys that
    /// this node does not know; `UNAVAILABLE` when the database is unavailable and the node does not know the signing key,
    /// the session or the API key.
    pub async fn authenticate(&self, token: &str, address: Option<IpAddr>) -> Result<Arc<Authentication>> {
        let now = self.node.now();
        let authentication = match self.seen.get(token) {
            Some(seen) if seen.version == self.version() && now < seen.good_until => seen,
            _ => {
                let resolved = Arc::new(self.resolve(token, address, now).await?);
                self.seen
                    .insert(Arc::clone(&resolved.token), Arc::clone(&resolved));
                resolved
            }
        };
        match &authentication.key {
            Some(key) => {
                key.confirm(now);
                self.api_keys.note_use(key, now);
            }
            None => self.last_seen.note(&authentication, now),
        }
        Ok(authentication)
    }

    async fn resolve(&self, token: &str, address: Option<IpAddr>, now: Timestamp) -> Result<Authentication> {
        let mut version = self.version();
        if ApiKeySecret::is_claimed_by(token) {
            let (key, resolved) = self.api_keys.resolve(token, address, now).await?;
            return Ok(Authentication::new(token, resolved, version, Some(key)));
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
        Ok(Authentication::new(token, resolved, version, None))
    }

    /// Stores when the API keys were last used, as far as that is not stored yet.
    ///
    /// # Errors
    /// The database is unavailable; these uses are not recorded.
    pub async fn flush_uses(&self) -> Result<()> {
        self.api_keys.flush_uses().await
    }

    /// Whether nothing has changed since that could make this another caller.
    pub fn is_current(&self, authentication: &Authentication) -> bool {
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
