//! The only module that reads ambient time and randomness, and a clock for tests.

use mainstay_domain::random::Random;
use mainstay_domain::time::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "all other code reads the time from this clock"
    )]
    fn now(&self) -> Timestamp {
        // A machine whose clock is before 1970 gets the epoch: tokens then fail to verify, which is the safe outcome.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(0).after(since)
    }
}

/// The operating system's random source, by way of AWS-LC's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "all other code draws from this source")]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes)
            .expect("AWS-LC ends the process itself when the system has no randomness");
    }
}

/// A clock that stands still until it is advanced. Share it by `Arc`; every holder sees the change.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.micros()))
    }

    /// Advances the clock and returns the new instant; fractions of a microsecond are dropped.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let later = |micros| Some(Timestamp::from_micros(micros).after(by).micros());
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later) {
            Ok(before) | Err(before) => Timestamp::from_micros(before).after(by),
        }
    }

    /// Sets the clock to `instant`, which may lie in the past, as when a machine's clock is corrected.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random;

    #[test]
    fn a_manual_clock_moves_only_when_advanced_or_set() {
        let clock = ManualClock::new(Timestamp::from_seconds(100));
        assert_eq!(clock.now(), Timestamp::from_seconds(100));
        assert_eq!(
            clock.advance(Duration::from_millis(1500)),
            Timestamp::from_micros(101_500_000)
        );
        assert_eq!(clock.now(), Timestamp::from_micros(101_500_000));
        clock.set(Timestamp::from_seconds(5));
        assert_eq!(clock.now(), Timestamp::from_seconds(5));
    }

    #[test]
    fn concurrent_advances_all_count() {
        let clock = ManualClock::new(Timestamp::from_seconds(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        clock.advance(Duration::from_micros(1));
                    }
                });
            }
        });
        assert_eq!(clock.now(), Timestamp::from_micros(4000));
    }

    #[test]
    fn the_system_clock_returns_a_plausible_time() {
        let now = SystemClock.now();
        assert!(now > Timestamp::from_seconds(1_700_000_000) && now < Timestamp::from_seconds(4_000_000_000));
    }

    #[test]
    fn system_randomness_does_not_repeat() {
        let (a, b): ([u8; 32], [u8; 32]) = (random::bytes(&SystemRandom), random::bytes(&SystemRandom));
        assert_ne!(a, b);
        assert_ne!(a, [0; 32]);
    }
}
