//! Measures elapsed time for logs and metrics. Decisions that depend on time use the `Clock` instead.

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
