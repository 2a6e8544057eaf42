//! Rate limit per client address for requests that no use case counts: refused early, or not served by a use case.

use http::HeaderValue;
use mainstay_domain::access::Rate;
use mainstay_domain::time::Timestamp;
use mainstay_engine::request_context::LimitNote;
use mainstay_platform::limiter::{Decision, LimitKey, Limiter, Quota};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// High, because many clients may share one address: together they cause few errors a minute, not thousands.
pub(crate) const RATE: Rate = Rate::per_minute(1000);

const NAME: &str = "address";
/// Maximum number of addresses tracked at once, about 8 MB.
const MAX_KEYS: usize = 100_000;
const MARKS: usize = 4096;
/// Health checks are never limited: a load balancer needs them, whatever other requests come from its address.
const HEALTH: [&str; 3] = ["/health", "/health/live", "/health/ready"];

/// Counts by address the requests that no use case counts, and refuses addresses over the limit.
///
/// A request that a use case counts costs one read of a flag here. The flag is set for addresses that used up their
/// limit and, by hash collision, for a few others, which the limiter then checks.
pub(super) struct AddressLimit {
    limiter: Limiter,
    hasher: RandomState,
    marks: Box<[AtomicBool]>,
    pub(super) policy: HeaderValue,
}

/// Whether the limit exempts a path.
pub(crate) fn is_unlimited(path: &str) -> bool {
    HEALTH.contains(&path)
}

impl AddressLimit {
    pub(super) fn new() -> Self {
        let (count, seconds) = (RATE.count, RATE.period.as_secs());
        let policy = HeaderValue::try_from(format!("\"{NAME}\";q={count};w={seconds}"));
        Self {
            limiter: Limiter::new(MAX_KEYS),
            hasher: RandomState::new(),
            marks: (0..MARKS).map(|_| AtomicBool::new(false)).collect(),
            policy: policy.unwrap_or(HeaderValue::from_static("")),
        }
    }

    /// How long the address has to wait, if it has used up its limit.
    pub(super) fn refuses(&self, ip: IpAddr, path: &str, now: Timestamp) -> Option<Duration> {
        let (key, mark) = self.slot(ip);
        if !mark.load(Relaxed) || is_unlimited(path) {
            return None;
        }
        let decision = self.limiter.peek(NAME, QUOTA, key, now);
        if decision.allowed {
            // If another address with this flag is over its limit, its next counted request sets the flag again.
            mark.store(false, Relaxed);
            return None;
        }
        Some(decision.retry_after)
    }

    /// Counts a request that no use case counted, and returns the remaining quota; `None` for an exempt path.
    pub(super) fn count(&self, ip: IpAddr, path: &str, now: Timestamp) -> Option<LimitNote> {
        if is_unlimited(path) {
            return None;
        }
        let (key, mark) = self.slot(ip);
        let decision = self.limiter.check(NAME, QUOTA, key, now);
        if decision.remaining == 0 {
            mark.store(true, Relaxed);
        }
        Some(note(decision))
    }

    fn slot(&self, ip: IpAddr) -> (LimitKey, &AtomicBool) {
        let key = LimitKey::from(ip);
        let at = self.hasher.hash_one(key) % MARKS as u64;
        (key, &self.marks[usize::try_from(at).unwrap_or_default()])
    }
}

const QUOTA: Quota = Quota {
    count: RATE.count,
    period: RATE.period,
};

fn note(decision: Decision) -> LimitNote {
    LimitNote {
        name: NAME,
        count: RATE.count,
        period: RATE.period,
        remaining: decision.remaining,
        reset_after: decision.reset_after,
    }
}
