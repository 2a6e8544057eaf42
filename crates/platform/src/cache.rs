//! What was read lately, in memory.
//!
//! A reader takes a [`Ticket`] before its snapshot and shows it when it fills an entry. An entry that was dropped after
//! the ticket was taken is not filled: what the snapshot saw may be older than the change. So after a change was dropped,
//! nobody on this node is given what was before it.

use mainstay_domain::time::Timestamp;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SHARDS: usize = 64;

/// When a snapshot was begun, as the cache counts.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    drops: u64,
    at: Timestamp,
}

/// Values by key, in bounded memory, each for a limited time.
///
/// Keeps no order of use: a shard that is full drops what is too old, and then every other entry. That costs a reader no
/// more than a shared lock, where a cache that keeps an order costs several times as much.
pub struct Cache<K, V> {
    hasher: RandomState,
    shards: [Shard<K, V>; SHARDS],
    drops: AtomicU64,
    most_per_shard: usize,
    keep: Duration,
}

struct Shard<K, V> {
    entries: RwLock<HashMap<K, Entry<V>>>,
    /// The count of drops when an entry of this shard was dropped last. Held while an entry is filled or dropped.
    dropped: Mutex<u64>,
}

struct Entry<V> {
    value: Arc<V>,
    read_at: Timestamp,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// Keeps about `most` values, each for `keep` after the snapshot that it was read from. With zero it keeps nothing.
    pub fn new(most: usize, keep: Duration) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Shard {
                entries: RwLock::default(),
                dropped: Mutex::new(0),
            }),
            drops: AtomicU64::new(0),
            most_per_shard: most.div_ceil(SHARDS).max(2),
            keep,
        }
    }

    /// The value, if it is known well enough at `now`.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<Arc<V>> {
        let entries = self.shard(key).entries.read();
        let entry = entries.get(key).filter(|entry| self.is_fresh(entry, now))?;
        Some(Arc::clone(&entry.value))
    }

    /// To be taken before the snapshot that a value is read from, at `now`.
    pub fn ticket(&self, now: Timestamp) -> Ticket {
        Ticket {
            drops: self.drops.load(Ordering::Acquire),
            at: now,
        }
    }

    /// Keeps what a snapshot showed, unless it was dropped since the ticket was taken.
    pub fn fill(&self, ticket: Ticket, key: K, value: Arc<V>) {
        if self.keep.is_zero() {
            return;
        }
        let shard = self.shard(&key);
        let dropped = shard.dropped.lock();
        if *dropped > ticket.drops {
            return;
        }
        let mut entries = shard.entries.write();
        if entries.len() >= self.most_per_shard {
            self.make_room(&mut entries, ticket.at);
        }
        entries.insert(
            key,
            Entry {
                value,
                read_at: ticket.at,
            },
        );
    }

    /// Forgets a value that has changed. To be called after the commit, and before anybody is told of it.
    pub fn drop_entry(&self, key: &K) {
        let shard = self.shard(key);
        let mut dropped = shard.dropped.lock();
        *dropped = self.drops.fetch_add(1, Ordering::AcqRel) + 1;
        shard.entries.write().remove(key);
    }

    fn is_fresh(&self, entry: &Entry<V>, now: Timestamp) -> bool {
        now < entry.read_at.after(self.keep)
    }

    fn make_room(&self, entries: &mut HashMap<K, Entry<V>>, now: Timestamp) {
        entries.retain(|_, entry| self.is_fresh(entry, now));
        if entries.len() > self.most_per_shard / 2 {
            let mut stays = false;
            entries.retain(|_, _| {
                stays = !stays;
                stays
            });
        }
    }

    fn shard(&self, key: &K) -> &Shard<K, V> {
        let place = self.hasher.hash_one(key) % SHARDS as u64;
        &self.shards[usize::try_from(place).expect("it is below 64")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(1);

    fn start() -> (Cache<u32, &'static str>, Timestamp) {
        let now = Timestamp::parse("2026-11-24T10:00:00Z").unwrap();
        (Cache::new(1000, KEEP), now)
    }

    #[test]
    fn a_value_is_known_for_as_long_as_it_is_kept() {
        let (cache, now) = start();
        cache.fill(cache.ticket(now), 1, Arc::new("one"));
        let just_before = now.after(KEEP - Duration::from_micros(1));
        assert_eq!(cache.get(&1, just_before).as_deref(), Some(&"one"));
        assert_eq!(cache.get(&1, now.after(KEEP)), None);
        assert_eq!(cache.get(&2, now), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (cache, now) = start();
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
        let (cache, now) = start();
        for key in 0..100_000 {
            cache.fill(cache.ticket(now), key, Arc::new("value"));
        }
        let kept: usize = cache.shards.iter().map(|shard| shard.entries.read().len()).sum();
        assert!((100..=1024).contains(&kept), "{kept}");
    }

    #[test]
    fn kept_for_no_time_it_keeps_nothing() {
        let (_, now) = start();
        let cache = Cache::new(10, Duration::ZERO);
        cache.fill(cache.ticket(now), 1, Arc::new("one"));
        assert_eq!(cache.get(&1, now), None);
    }
}
