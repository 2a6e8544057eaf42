//! A cache of access tokens whose signature was verified.

use super::token::Claims;
use mainstay_domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

const SHARDS: usize = 16;
/// 10,000 tokens in all.
const MAX_PER_SHARD: usize = 625;

/// Verified tokens by their whole text, bounded. Verifying an EdDSA signature costs 50 µs, finding a token here a
/// quarter of a microsecond; a general cache, which tracks the order of use, costs three times that and more under
/// contention.
pub(super) struct VerifiedTokens([RwLock<Shard>; SHARDS]);

type Shard = HashMap<Box<str>, Verified, LastBytesHash>;

/// The claims of a verified token, and until when its key is accepted.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) claims: Arc<Claims>,
    pub(super) retires_at: Option<Timestamp>,
}

impl VerifiedTokens {
    pub(super) fn new() -> Self {
        let hash = LastBytesHash(RandomState::new());
        Self(std::array::from_fn(|_| {
            RwLock::new(HashMap::with_hasher(hash.clone()))
        }))
    }

    /// The claims of a cached token whose key is not retired at `now`. The caller must check the token's own times.
    pub(super) fn get(&self, token: &str, now: Timestamp) -> Option<Arc<Claims>> {
        let shard = self.shard(token).read();
        let cached = shard
            .get(token)
            .filter(|cached| cached.retires_at.is_none_or(|instant| now < instant))?;
        Some(Arc::clone(&cached.claims))
    }

    /// Stores a verified token; when the shard is full, first removes expired tokens, then every other one.
    pub(super) fn insert(&self, token: &str, verified: Verified, now: Timestamp) {
        let mut shard = self.shard(token).write();
        if shard.len() >= MAX_PER_SHARD {
            shard.retain(|_, cached| cached.claims.check_time(now).is_ok());
            // Down to half a shard, so that evictions are rare.
            if shard.len() > MAX_PER_SHARD / 2 {
                let mut keep = false;
                shard.retain(|_, _| {
                    keep = !keep;
                    keep
                });
            }
        }
        shard.insert(token.into(), verified);
    }

    /// Removes all tokens.
    pub(super) fn clear(&self) {
        for shard in &self.0 {
            shard.write().clear();
        }
    }

    fn shard(&self, token: &str) -> &RwLock<Shard> {
        let hash = token
            .bytes()
            .rev()
            .take(16)
            .fold(0, |hash, byte| hash ^ usize::from(byte));
        &self.0[hash % SHARDS]
    }
}

/// Hashes only the end of a token. That is part of the signature, which differs from token to token however similar
/// the rest is; and only tokens with a valid signature are stored, so an attacker cannot choose ones that collide.
/// Equality compares the whole text.
#[derive(Clone)]
struct LastBytesHash(RandomState);

struct LastBytesHasher<H>(H);

impl BuildHasher for LastBytesHash {
    type Hasher = LastBytesHasher<std::hash::DefaultHasher>;

    fn build_hasher(&self) -> Self::Hasher {
        LastBytesHasher(self.0.build_hasher())
    }
}

impl<H: Hasher> Hasher for LastBytesHasher<H> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes.last_chunk::<32>().map_or(bytes, |last| last));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
impl VerifiedTokens {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.read().len()).sum()
    }
}
