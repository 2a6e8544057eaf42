//! Measures elapsed time for logs, metrics and deadlines. Other decisions that depend on time use the `Clock` instead.

use std::time::{Duration, Instant};

/// A running measurement, on a clock that never goes backwards.
///
/// ```
/// let watch = mainstay_platform::stopwatch::Stopwatch::start();
/// let took = watch.elapsed();
/// assert!(watch.elapsed() >= took);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the monotonic clock to measure"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start; may be read repeatedly.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The time since the start in whole microseconds, for log fields.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// When a client stops waiting for an answer: some time after its request arrived. It is measured, because neither a
/// clock that is set nor one that a test moves makes a client wait less.
///
/// ```
/// use mainstay_platform::stopwatch::{Deadline, Stopwatch};
/// use std::time::Duration;
///
/// let arrived = Stopwatch::start();
/// assert!(!Deadline::new(arrived, Duration::MAX).has_passed());
/// assert!(Deadline::new(arrived, Duration::ZERO).has_passed());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    arrived: Stopwatch,
    limit: Duration,
}

impl Deadline {
    /// The deadline of a request that arrived when the measurement started.
    #[must_use]
    pub fn new(arrived: Stopwatch, limit: Duration) -> Self {
        Self { arrived, limit }
    }

    /// How long the client waits in all.
    #[must_use]
    pub fn limit(self) -> Duration {
        self.limit
    }

    /// How long the client waits from now on; zero once it has stopped.
    #[must_use]
    pub fn left(self) -> Duration {
        self.limit.saturating_sub(self.arrived.elapsed())
    }

    /// Whether the client has stopped waiting.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}
