//! An in-memory cache of recently read values.
//!
//! A reader takes a [`Ticket`] before its snapshot and passes it when it fills an entry. An entry that was dropped
//! after the ticket was taken is not filled: the snapshot may be older than the change. So once a change has dropped
//! an entry, no reader on this node gets the value from before the change.

use mainstay_domain::time::Timestamp;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SHARDS: usize = 64;

/// The time at which a snapshot was started, in terms of the cache's drop counter and the clock.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    drops: u64,
    at: Timestamp,
}

/// Values by key, in bounded memory, each for a limited time.
///
/// Does not track the order of use: a full shard drops expired entries, and then every other entry. A read therefore
/// costs no more than a shared lock, where a cache that tracks the order costs several times as much.
pub struct Cache<K, V: ?Sized> {
    hasher: RandomState,
    shards: [Shard<K, V>; SHARDS],
    drops: AtomicU64,
    max_per_shard: usize,
    ttl: Duration,
}

struct Shard<K, V: ?Sized> {
    entries: RwLock<HashMap<K, Entry<V>>>,
    /// The drop counter when an entry of this shard was last dropped. Locked while an entry is filled or dropped.
    dropped: Mutex<u64>,
}

struct Entry<V: ?Sized> {
    value: Arc<V>,
    read_at: Timestamp,
}

impl<K: Hash + Eq, V: ?Sized> Cache<K, V> {
    /// Holds about `max` values, each for `ttl` after the snapshot that it was read from. With a `ttl` of zero it
    /// holds nothing.
    pub fn new(max: usize, ttl: Duration) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Shard {
                entries: RwLock::default(),
                dropped: Mutex::new(0),
            }),
            drops: AtomicU64::new(0),
            max_per_shard: max.div_ceil(SHARDS).max(2),
            ttl,
        }
    }

    /// The value, if it is present and not expired at `now`.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let entries = self.shard(key).entries.read();
        let entry = entries.get(key).filter(|entry| self.is_fresh(entry, now))?;
        Some(Arc::clone(&entry.value))
    }

    /// Must be taken before the snapshot that a value is read from; `now` is the current time.
    pub fn ticket(&self, now: Timestamp) -> Ticket {
        Ticket {
            drops: self.drops.load(Ordering::Acquire),
            at: now,
        }
    }

    /// Stores a value read from a snapshot, unless the entry was dropped since the ticket was taken.
    pub fn fill(&self, ticket: Ticket, key: K, value: Arc<V>) {
        if self.ttl.is_zero() {
            return;
        }
        let shard = self.shard(&key);
        let dropped = shard.dropped.lock();
        if *dropped > ticket.drops {
            return;
        }
        let mut entries = shard.entries.write();
        if entries.len() >= self.max_per_shard {
            self.evict(&mut entries, ticket.at);
        }
        entries.insert(
            key,
            Entry {
                value,
                read_at: ticket.at,
            },
        );
    }

    /// Removes a value that has changed. Must be called after the commit, and before any client gets the result of
    /// the change.
    pub fn drop_entry(&self, key: &K) {
        let shard = self.shard(key);
        let mut dropped = shard.dropped.lock();
        *dropped = self.drops.fetch_add(1, Ordering::AcqRel) + 1;
        shard.entries.write().remove(key);
    }

    fn is_fresh(&self, entry: &Entry<V>, now: Timestamp) -> bool {
        now < entry.read_at.after(self.ttl)
    }

    fn evict(&self, entries: &mut HashMap<K, Entry<V>>, now: Timestamp) {
        entries.retain(|_, entry| self.is_fresh(entry, now));
        if entries.len() > self.max_per_shard / 2 {
            let mut keep = false;
            entries.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
    }

    fn shard(&self, key: &K) -> &Shard<K, V> {
        let index = self.hasher.hash_one(key) % SHARDS as u64;
        &self.shards[usize::try_from(index).expect("it is below 64")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(1);

    fn cache_and_now() -> (Cache<u32, &'static str>, Timestamp) {
        let now = Timestamp::parse("2026-11-24T10:00:00Z").unwrap();
        (Cache::new(1000, TTL), now)
    }

    #[test]
    fn a_value_expires_after_its_ttl() {
        let (cache, now) = cache_and_now();
        cache.fill(cache.ticket(now), 1, Arc::new("one"));
        let just_before = now.after(TTL - Duration::from_micros(1));
        assert_eq!(cache.get(&1, just_before).as_deref(), Some(&"one"));
        assert_eq!(cache.get(&1, now.after(TTL)), None);
        assert_eq!(cache.get(&2, now), None);
    }

    #[test]
    fn a_value_read_before_a_change_is_not_stored_after_it() {
        let (cache, now) = cache_and_now();
        let ticket = cache.ticket(now);
        cache.drop_entry(&1);
        cache.fill(ticket, 1, Arc::new("old"));
        assert_eq!(cache.get(&1, now), None);
        cache.fill(cache.ticket(now), 1, Arc::new("new"));
        assert_eq!(cache.get(&1, now).as_deref(), Some(&"new"));
        cache.drop_entry(&1);
        assert_eq!(cache.get(&1, now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (cache, now) = cache_and_now();
        for key in 0..100_000 {
            cache.fill(cache.ticket(now), key, Arc::new("value"));
        }
        let entries: usize = cache.shards.iter().map(|shard| shard.entries.read().len()).sum();
        assert!((100..=1024).contains(&entries), "{entries}");
    }

    #[test]
    fn with_a_ttl_of_zero_nothing_is_stored() {
        let (_, now) = cache_and_now();
        let cache = Cache::new(10, Duration::ZERO);
        cache.fill(cache.ticket(now), 1, Arc::new("one"));
        assert_eq!(cache.get(&1, now), None);
    }
}
