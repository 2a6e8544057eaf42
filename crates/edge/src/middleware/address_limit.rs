//! The limit of what no use case counts: what is refused before one is reached, and operations that are none.

use http::HeaderValue;
use mainstay_domain::access::Rate;
use mainstay_domain::time::Timestamp;
use mainstay_platform::limiter::{Decision, LimitKey, Limiter, Quota};
use mainstay_services::request_context::LimitNote;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Generous: whoever stands behind one address with many others makes a few faults in a minute, not thousands.
pub(crate) const RATE: Rate = Rate::per_minute(1000);

const NAME: &str = "address";
/// Near 8 MB at the most.
const MAX_KEYS: usize = 100_000;
const MARKS: usize = 4096;
/// Whoever balances the load has to hear how the process is, whatever else comes from there.
const HEALTH: [&str; 3] = ["/health", "/health/live", "/health/ready"];

/// Counts by address what nobody else counts, and refuses whoever has done too much of it.
///
/// Requests that a use case counts cost one look at a mark here, which is set for addresses that have used up what they
/// may (and, by chance, for a few others, who are then looked up).
pub(super) struct AddressLimit {
    limiter: Limiter,
    hasher: RandomState,
    marks: Box<[AtomicBool]>,
    pub(super) policy: HeaderValue,
}

/// Whether a path is never limited.
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

    /// How long the address has to wait, when it has used up what it may.
    pub(super) fn refuses(&self, ip: IpAddr, path: &str, now: Timestamp) -> Option<Duration> {
        let (key, mark) = self.route_state(ip);
        if !mark.load(Relaxed) || is_unlimited(path) {
            return None;
        }
        let decision = self.limiter.peek(NAME, QUOTA, key, now);
        if decision.allowed {
            // Another address of this mark sets it again when it is counted the next time.
            mark.store(false, Relaxed);
            return None;
        }
        Some(decision.retry_after)
    }

    /// Counts an answer that no use case counted; tells what is left. `None` for what is never limited.
    pub(super) fn count(&self, ip: IpAddr, path: &str, now: Timestamp) -> Option<LimitNote> {
        if is_unlimited(path) {
            return None;
        }
        let (key, mark) = self.route_state(ip);
        let decision = self.limiter.check(NAME, QUOTA, key, now);
        if decision.remaining == 0 {
            mark.store(true, Relaxed);
        }
        Some(note(decision))
    }

    fn route_state(&self, ip: IpAddr) -> (LimitKey, &AtomicBool) {
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
