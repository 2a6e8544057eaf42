//! Rate limiting in memory: the generic cell rate algorithm (GCRA, ITU-T I.371), keyed.
//!
//! For each key the limiter stores one instant, the time at which its whole allowance is available again. Callers
//! pass in the time, which is why this is not an off-the-shelf limiter: those read a clock themselves.

use crate::network::canonical;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

/// A limit: `count` requests at once, and `count` more spread evenly over every `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The burst; 0 allows nothing.
    pub count: u32,
    /// The time in which a used burst is restored; zero allows everything.
    pub period: Duration,
}

/// The subject of a limit. Small, of one size; texts are stored as digests only, without personal data in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// One IPv4 address.
    V4([u8; 4]),
    /// A /64 network, which is the least that an IPv6 subscriber has.
    V6([u8; 8]),
    /// An account.
    User(UserId),
    /// The first half of a SHA-256 digest.
    Digest([u8; 16]),
}

impl LimitKey {
    /// A key made from text, such as the e-mail address of a sign-in attempt; the text itself is not stored.
    pub fn text(text: &str) -> Self {
        let digest = crate::crypto::sha256(text.as_bytes());
        Self::Digest(*digest.first_chunk().expect("32 bytes have a first half"))
    }
}

impl From<IpAddr> for LimitKey {
    fn from(address: IpAddr) -> Self {
        // Canonical: an IPv4 client on a dual-stack socket appears as ::ffff:a.b.c.d.
        match canonical(address) {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => Self::V6(*v6.octets().first_chunk().expect("16 bytes have a first half")),
        }
    }
}

impl From<UserId> for LimitKey {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// The result of a check, with the values for the `RateLimit` and `Retry-After` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is allowed; only then is it counted.
    pub allowed: bool,
    /// The burst of the quota, [`Quota::count`].
    pub limit: u32,
    /// How many more requests would be allowed at this instant.
    pub remaining: u32,
    /// Time until the whole burst is restored.
    pub reset_after: Duration,
    /// Time until the next request is allowed; zero unless refused.
    pub retry_after: Duration,
}

const SHARDS: usize = 16;

type Entry = (&'static str, LimitKey);

/// Counts by limit and key, in bounded memory.
///
/// Keys beyond the bound evict those whose allowance is restored, then those that are closest to it: a client that
/// floods the limiter with fresh addresses does not free an address that is being limited.
#[derive(Debug)]
pub struct Limiter {
    hasher: RandomState,
    /// For each key, the nanosecond since 1970 at which its allowance is whole again.
    shards: [Mutex<HashMap<Entry, i128>>; SHARDS],
    max_per_shard: usize,
}

impl Limiter {
    /// Stores at most about `max_keys` keys, near 80 bytes each.
    pub fn new(max_keys: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
            max_per_shard: max_keys.div_ceil(SHARDS).max(4),
        }
    }

    /// Counts one use of the limit `name` by `key`, if `quota` still allows it at `now`.
    pub fn check(&self, name: &'static str, quota: Quota, key: LimitKey, now: Timestamp) -> Decision {
        self.decide((name, key), quota, now, true)
    }

    /// Returns what [`Limiter::check`] would return, and counts nothing.
    pub fn peek(&self, name: &'static str, quota: Quota, key: LimitKey, now: Timestamp) -> Decision {
        self.decide((name, key), quota, now, false)
    }

    fn decide(&self, entry: Entry, quota: Quota, now: Timestamp, count: bool) -> Decision {
        if quota.count == 0 {
            return refused(0, quota.period, quota.period);
        }
        let limit = i128::from(quota.count);
        let period = i128::try_from(quota.period.as_nanos()).unwrap_or(i128::MAX >> 32);
        // Rounded up, so that rounding never allows more.
        let step = (period + limit - 1) / limit;
        let burst = step * limit;
        let now = nanos(now);

        let shard = usize::try_from(self.hasher.hash_one(entry) % SHARDS as u64).expect("it is below 16");
        let mut full_at = self.shards[shard].lock();
        let known = full_at.get(&entry).copied();
        // At most a whole burst away: neither a clock that was set back nor a quota that was reduced
        // limits a client for longer than the quota says.
        let start = known.unwrap_or(now).clamp(now, now.saturating_add(burst));
        let next = start + step;
        if next - now > burst {
            return refused(quota.count, duration(next - burst - now), duration(start - now));
        }
        if count {
            if known.is_none() && full_at.len() >= self.max_per_shard {
                evict(&mut full_at, self.max_per_shard, now);
            }
            full_at.insert(entry, next);
        }
        let left = (burst - (next - now)).checked_div(step).unwrap_or(limit);
        Decision {
            allowed: true,
            limit: quota.count,
            remaining: u32::try_from(left).unwrap_or(quota.count),
            reset_after: duration(next - now),
            retry_after: Duration::ZERO,
        }
    }

    /// Removes every key whose allowance is restored, and frees the memory. Called by a periodic task.
    pub fn retain_recent(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut full_at = shard.lock();
            full_at.retain(|_, at| *at > nanos(now));
            full_at.shrink_to_fit();
        }
    }

    /// Number of stored keys.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether no key is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Evicts down to three quarters, so that evictions are rare.
fn evict(full_at: &mut HashMap<Entry, i128>, max: usize, now: i128) {
    full_at.retain(|_, at| *at > now);
    let keep = max * 3 / 4;
    let Some(surplus) = full_at.len().checked_sub(keep + 1) else {
        return;
    };
    let mut instants: Vec<_> = full_at.values().copied().collect();
    let (_, &mut last_out, _) = instants.select_nth_unstable(surplus);
    // Of the entries with the same instant, only as many as needed are removed.
    let mut left = surplus + 1;
    full_at.retain(|_, at| {
        let remove = left > 0 && *at <= last_out;
        left -= usize::from(remove);
        !remove
    });
}

fn refused(limit: u32, retry_after: Duration, reset_after: Duration) -> Decision {
    Decision {
        allowed: false,
        limit,
        remaining: 0,
        reset_after,
        retry_after,
    }
}

fn nanos(instant: Timestamp) -> i128 {
    i128::from(instant.micros()) * 1000
}

/// Rounded up to whole microseconds, the resolution of `Timestamp`, so that waiting that long suffices.
fn duration(nanos: i128) -> Duration {
    Duration::from_micros(u64::try_from(nanos.max(0).saturating_add(999) / 1000).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
