//! A caller that a credential resolved to.

use super::api_keys::KnownApiKey;
use super::directory::Resolved;
use mainstay_domain::Result;
use mainstay_domain::access::{Caller, Principal};
use mainstay_domain::time::Timestamp;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// A credential and the caller it resolved to, as of an instant; enough to resolve it again later. `Debug` does not
/// print the token.
pub struct Authentication {
    pub(super) token: Arc<str>,
    pub(super) principal: Arc<Principal>,
    pub(super) version: Version,
    pub(super) good_until: Timestamp,
    /// The API key, where the credential is one.
    pub(super) key: Option<Arc<KnownApiKey>>,
    /// The minute since 1970 in which it was last noted as used.
    pub(super) seen_minute: AtomicI64,
}

/// The versions of the directory and of the keys that a caller was resolved with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) access: u64,
    pub(super) keys: u64,
}

impl Authentication {
    pub(super) fn new(
        token: &str,
        resolved: Resolved,
        version: Version,
        key: Option<Arc<KnownApiKey>>,
    ) -> Self {
        Self {
            token: token.into(),
            principal: Arc::new(resolved.principal),
            version,
            good_until: resolved.good_until,
            key,
            seen_minute: AtomicI64::new(i64::MIN),
        }
    }

    /// The caller that the credential resolved to.
    pub fn caller(&self) -> Caller {
        Caller::User(Arc::clone(&self.principal))
    }

    /// Checks that the credential is accepted from an address.
    ///
    /// # Errors
    /// `FORBIDDEN` for an API key that is bound to other networks.
    pub(crate) fn check_network(&self, address: Option<IpAddr>) -> Result<()> {
        self.key.as_ref().map_or(Ok(()), |key| key.check_network(address))
    }

    /// Until when the caller stays the same if no change arrives, by the clock alone.
    pub fn good_until(&self) -> Timestamp {
        self.good_until
    }

    /// The credential. For authenticating again, and never for the log.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Authentication({}, until {})",
            self.principal.id, self.good_until
        )
    }
}
