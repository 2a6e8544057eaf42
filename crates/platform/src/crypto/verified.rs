//! Memory of the access tokens whose signature was found good.

use super::token::Claims;
use mainstay_domain::time::Timestamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

const SHARDS: usize = 16;
/// 10,000 tokens in all.
const MOST_PER_SHARD: usize = 625;

/// Tokens by their whole text, bounded. Checking an EdDSA signature costs 50 µs, finding a token here a quarter
/// of one; a general cache, which keeps an order of use, costs three times that and more under contention.
pub(super) struct VerifiedTokens([RwLock<Shard>; SHARDS]);

type Shard = HashMap<Box<str>, Verified, TailHash>;

/// What a good token says, and until when its key is accepted.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) claims: Arc<Claims>,
    pub(super) retires_at: Option<Timestamp>,
}

impl VerifiedTokens {
    pub(super) fn new() -> Self {
        let hash = TailHash(RandomState::new());
        Self(std::array::from_fn(|_| {
            RwLock::new(HashMap::with_hasher(hash.clone()))
        }))
    }

    /// The claims of a known token. Its own times are the caller's to check; whether its key has retired is not.
    pub(super) fn get(&self, token: &str, now: Timestamp) -> Option<Arc<Claims>> {
        let shard = self.shard(token).read();
        let known = shard
            .get(token)
            .filter(|known| known.retires_at.is_none_or(|instant| now < instant))?;
        Some(Arc::clone(&known.claims))
    }

    /// Remembers a good token; when there are too many, first forgets those that expired, then every other one.
    pub(super) fn insert(&self, token: &str, verified: Verified, now: Timestamp) {
        let mut shard = self.shard(token).write();
        if shard.len() >= MOST_PER_SHARD {
            shard.retain(|_, known| known.claims.check_time(now).is_ok());
            // Room for half a shard, so that the next sweep is far away.
            if shard.len() > MOST_PER_SHARD / 2 {
                let mut stays = false;
                shard.retain(|_, _| {
                    stays = !stays;
                    stays
                });
            }
        }
        shard.insert(token.into(), verified);
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        for shard in &self.0 {
            shard.write().clear();
        }
    }

    fn shard(&self, token: &str) -> &RwLock<Shard> {
        let mixed = token
            .bytes()
            .rev()
            .take(16)
            .fold(0, |mixed, byte| mixed ^ usize::from(byte));
        &self.0[mixed % SHARDS]
    }
}

/// Hashes only the end of a token. That is signature, which differs from token to token however alike the rest is;
/// and only tokens with a good signature are kept, so nobody can choose ones that collide. Equality is by the whole.
#[derive(Clone)]
struct TailHash(RandomState);

struct TailHasher<H>(H);

impl BuildHasher for TailHash {
    type Hasher = TailHasher<std::hash::DefaultHasher>;

    fn build_hasher(&self) -> Self::Hasher {
        TailHasher(self.0.build_hasher())
    }
}

impl<H: Hasher> Hasher for TailHasher<H> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes.last_chunk::<32>().map_or(bytes, |tail| tail));
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
