//! Rate limiting in memory: the generic cell rate algorithm (GCRA, ITU-T I.371), keyed.
//!
//! For each key one instant is kept, the time at which its whole allowance is back. Time is passed in with each
//! question, which is why this is not a ready-made limiter: those read a clock of their own.

use crate::network::canonical;
use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

/// How much is allowed: `count` at once, and `count` more evenly over every `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The burst; with 0 nothing is allowed.
    pub count: u32,
    /// The time in which a used burst comes back; with zero everything is allowed.
    pub period: Duration,
}

/// Who or what is counted. Small, of one size, and without personal data in clear where it came as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// One IPv4 address.
    V4([u8; 4]),
    /// A /64 network: that is what one IPv6 subscriber has at least.
    V6([u8; 8]),
    /// An account.
    User(UserId),
    /// The first half of a SHA-256 digest.
    Digest([u8; 16]),
}

impl LimitKey {
    /// Counts by text, such as an address somebody tries to sign in to; the text itself is not kept.
    pub fn text(text: &str) -> Self {
        let digest = crate::crypto::sha256(text.as_bytes());
        Self::Digest(*digest.first_chunk().expect("32 bytes have a first half"))
    }
}

impl From<IpAddr> for LimitKey {
    fn from(address: IpAddr) -> Self {
        // Canonical: an IPv4 caller on a dual-stack socket shows up as ::ffff:a.b.c.d.
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

/// The answer, with what the `RateLimit` and `Retry-After` headers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go ahead; only then was anything counted.
    pub allowed: bool,
    /// The burst that was asked for.
    pub limit: u32,
    /// How many more would be allowed at this instant.
    pub remaining: u32,
    /// Until the whole burst is back.
    pub reset_after: Duration,
    /// Until the next one is allowed; zero unless refused.
    pub retry_after: Duration,
}

const SHARDS: usize = 16;

type Entry = (&'static str, LimitKey);

/// Counts by limit and key, in bounded memory.
///
/// Keys beyond the bound push out those whose allowance is back, then those that are closest to it: who floods
/// the limiter with fresh addresses does not free an address that is being held back.
#[derive(Debug)]
pub struct Limiter {
    hasher: RandomState,
    /// To each key the nanosecond since 1970 at which its allowance is whole.
    shards: [Mutex<HashMap<Entry, i128>>; SHARDS],
    most_per_shard: usize,
}

impl Limiter {
    /// Remembers at most about `most_keys` keys, near 80 bytes each.
    pub fn new(most_keys: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
            most_per_shard: most_keys.div_ceil(SHARDS).max(4),
        }
    }

    /// Counts one use of the limit `name` by `key`, if `quota` still allows it at `now`.
    pub fn check(&self, name: &'static str, quota: Quota, key: LimitKey, now: Timestamp) -> Decision {
        self.decide((name, key), quota, now, true)
    }

    /// Tells what [`Limiter::check`] would say, and counts nothing.
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
        let mut whole_at = self.shards[shard].lock();
        let known = whole_at.get(&entry).copied();
        // Never further away than a whole burst: so neither a clock that was set back nor a quota that was
        // made smaller holds anybody back for longer than the quota says.
        let start = known.unwrap_or(now).clamp(now, now.saturating_add(burst));
        let next = start + step;
        if next - now > burst {
            return refused(quota.count, duration(next - burst - now), duration(start - now));
        }
        if count {
            if known.is_none() && whole_at.len() >= self.most_per_shard {
                make_room(&mut whole_at, self.most_per_shard, now);
            }
            whole_at.insert(entry, next);
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

    /// Forgets every key whose allowance is back, and gives the memory back. For a periodic tick.
    pub fn retain_recent(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut whole_at = shard.lock();
            whole_at.retain(|_, at| *at > nanos(now));
            whole_at.shrink_to_fit();
        }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Leaves at most three quarters, so that the next sweep is far away.
fn make_room(whole_at: &mut HashMap<Entry, i128>, most: usize, now: i128) {
    whole_at.retain(|_, at| *at > now);
    let keep = most * 3 / 4;
    let Some(surplus) = whole_at.len().checked_sub(keep + 1) else {
        return;
    };
    let mut instants: Vec<_> = whole_at.values().copied().collect();
    let (_, &mut last_out, _) = instants.select_nth_unstable(surplus);
    // Of those at the very same instant only as many as needed go.
    let mut left = surplus + 1;
    whole_at.retain(|_, at| {
        let goes = left > 0 && *at <= last_out;
        left -= usize::from(goes);
        !goes
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

/// Rounded up to the microseconds that instants have, so that waiting so long suffices.
fn duration(nanos: i128) -> Duration {
    Duration::from_micros(u64::try_from(nanos.max(0).saturating_add(999) / 1000).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
