//! The keys that sign and verify access tokens, and a cache of verified tokens.

use super::token::{Claims, TokenError, TokenKey, Unverified};
use super::verified::{Verified, VerifiedTokens};
use mainstay_domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The key ring cannot sign: the current key is retiring, or the claims do not fit into a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims do not fit into an access token")]
pub struct CannotSign;

/// Signs tokens with the current key; accepts tokens signed with the current key, a retiring one, or one that signs later.
///
/// Replacing the keys is atomic and clears the cache of tokens that were verified with the old ones.
pub struct KeyRing {
    issuer: String,
    audience: String,
    keys: RwLock<Arc<Keys>>,
    /// Only tokens of the present keys: written under the lock of `keys`, read without it.
    verified: VerifiedTokens,
    generation: AtomicU64,
}

struct Keys {
    /// The current key, then those that take over later, in this order.
    signing: Vec<Arc<TokenKey>>,
    /// By `kid`, including those that sign.
    all: HashMap<String, Arc<TokenKey>>,
}

impl KeyRing {
    /// Signs with `current`, and with one of `others` from the time on from which it signs; otherwise these only verify.
    /// Tokens must be from `issuer` for `audience`.
    pub fn new(issuer: &str, audience: &str, current: TokenKey, others: Vec<TokenKey>) -> Self {
        let keys = RwLock::new(Arc::new(Keys::new(current, others)));
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            keys,
            verified: VerifiedTokens::new(),
            generation: AtomicU64::new(0),
        }
    }

    /// Replaces all present keys.
    pub fn replace(&self, current: TokenKey, others: Vec<TokenKey>) {
        let new = Arc::new(Keys::new(current, others));
        let mut keys = self.keys.write();
        *keys = new;
        self.verified.clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Incremented by each replacement of the keys: tokens that were verified before must be verified again.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The required `iss` claim.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The required `aud` claim.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The `kid` of the key that signs until another one takes over.
    pub fn current(&self) -> String {
        self.keys().signing[0].id().to_owned()
    }

    /// Signs an access token with the key that signs at its time of issue.
    ///
    /// # Errors
    /// [`CannotSign`], when the key is retiring or the token would be longer than the accepted maximum.
    pub fn sign(&self, claims: &Claims) -> Result<String, CannotSign> {
        self.keys().signing_at(claims.iat).sign(claims).ok_or(CannotSign)
    }

    /// Verifies an access token completely, except for revocation.
    ///
    /// # Errors
    /// [`TokenError`]; which one is for logs and metrics. Clients only learn "expired" or "invalid".
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, TokenError> {
        if let Some(claims) = self.verified.get(token, now) {
            claims.check_time(now)?;
            return Ok(claims);
        }
        let keys = self.keys();
        let verified = self.open(&keys, token, now)?;
        let claims = Arc::clone(&verified.claims);
        claims.check_time(now)?;
        let present = self.keys.read();
        // A verification with keys that were replaced meanwhile is still correct, but must not be cached.
        if Arc::ptr_eq(&present, &keys) {
            self.verified.insert(token, verified, now);
        }
        Ok(claims)
    }

    /// The JSON Web Key Set (RFC 7517) of the public keys. Shared secrets have no public key and are not included.
    pub fn jwks(&self) -> serde_json::Value {
        let keys = self.keys();
        let mut all: Vec<_> = keys.all.values().collect();
        all.sort_unstable_by_key(|key| key.id());
        let public: Vec<_> = all.into_iter().filter_map(|key| key.jwk()).collect();
        serde_json::json!({ "keys": public })
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read())
    }

    fn open(&self, keys: &Keys, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
        let unverified = Unverified::parse(token)?;
        let key = keys.all.get(&unverified.key).filter(|key| !key.is_retired(now));
        let key = key.ok_or_else(|| TokenError::UnknownKey(unverified.key.clone()))?;
        let claims = key.open(&unverified)?;
        if claims.iss != self.issuer {
            return Err(TokenError::WrongIssuer);
        }
        if claims.aud != self.audience {
            return Err(TokenError::WrongAudience);
        }
        Ok(Verified {
            claims: Arc::new(claims),
            retires_at: key.retires_at(),
        })
    }
}

impl Keys {
    fn new(current: TokenKey, others: Vec<TokenKey>) -> Self {
        let current = Arc::new(current);
        let others: Vec<_> = others.into_iter().map(Arc::new).collect();
        let later = others
            .iter()
            .filter(|key| key.can_sign() && key.signs_from().is_some() && key.id() != current.id());
        let mut signing: Vec<_> = [&current].into_iter().chain(later).map(Arc::clone).collect();
        signing[1..].sort_by_key(|key| key.signs_from());
        // The current key last: if it is listed twice, it wins.
        let all = others
            .into_iter()
            .chain([current])
            .map(|key| (key.id().to_owned(), key))
            .collect();
        Self { signing, all }
    }

    /// The key that signs a token issued at this second: the last one to begin before, so that a node switches in time
    /// without reading anything.
    fn signing_at(&self, seconds: i64) -> &TokenKey {
        let now = Timestamp::from_seconds(seconds);
        let begun = |key: &&Arc<TokenKey>| key.signs_from().is_some_and(|from| from <= now);
        self.signing[1..].iter().rfind(begun).unwrap_or(&self.signing[0])
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys();
        f.debug_struct("KeyRing")
            .field("signing", &keys.signing)
            .field("all", &keys.all.values())
            .finish()
    }
}

#[cfg(test)]
#[path = "key_ring_tests.rs"]
mod tests;
