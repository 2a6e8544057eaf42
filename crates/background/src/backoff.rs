//! Exponential backoff for a failing loop, which logs only the first failure and the recovery.

use mainstay_domain::Error;
use mainstay_domain::error::Code;
use mainstay_domain::random::{self, Random};
use std::time::Duration;

/// The first wait; each further one is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Maximum wait, before jitter.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The consecutive failures of one loop.
pub(crate) struct Backoff {
    name: &'static str,
    failures: u32,
    logged: Option<Code>,
}

impl Backoff {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            failures: 0,
            logged: None,
        }
    }

    /// Records a failure and returns how long to wait: up to half as long again at random, so that nodes that lost the
    /// database together do not come back together. Only the first failure of its kind is logged.
    pub(crate) fn failed(&mut self, error: &Error, random: &dyn Random) -> Duration {
        if self.is_new(error) {
            tracing::error!(
                task = self.name,
                error = with_causes(error),
                "the task failed and will be retried"
            );
        }
        let wait = FIRST_WAIT
            .saturating_mul(1 << self.failures.min(10))
            .min(MAX_WAIT);
        self.failures = self.failures.saturating_add(1);
        let spread = u32::from(u16::from_be_bytes(random::bytes(random)));
        wait + wait / 2 * spread / u32::from(u16::MAX)
    }

    fn is_new(&mut self, error: &Error) -> bool {
        self.logged.replace(error.code()) != Some(error.code())
    }

    /// Records a success.
    pub(crate) fn over(&mut self) {
        if self.logged.take().is_some() {
            tracing::info!(task = self.name, failures = self.failures, "works again");
        }
        self.failures = 0;
    }
}

/// The error with its causes, for the log.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;

    fn unavailable() -> Error {
        Error::Unavailable {
            what: "database",
            source: None,
        }
    }

    #[test]
    fn logs_the_first_failure_of_its_kind_and_not_its_repetitions() {
        let mut backoff = Backoff::new("test");
        assert!(backoff.is_new(&unavailable()));
        assert!(!backoff.is_new(&unavailable()));
        assert!(backoff.is_new(&Error::bug("another kind of error")));
        assert!(backoff.is_new(&unavailable()));
        backoff.over();
        assert!(backoff.is_new(&unavailable()));
    }

    #[test]
    fn waits_grow_up_to_a_maximum_and_start_over_after_a_success() {
        let (mut backoff, random) = (Backoff::new("test"), Counting::default());
        let waits: Vec<_> = (0..100)
            .map(|_| backoff.failed(&unavailable(), &random))
            .collect();
        assert!(
            waits[0] >= FIRST_WAIT && waits[0] <= FIRST_WAIT * 3 / 2,
            "{:?}",
            waits[0]
        );
        assert!(
            waits[99] >= MAX_WAIT && waits[99] <= MAX_WAIT * 3 / 2,
            "{:?}",
            waits[99]
        );
        assert!(waits[50..].windows(2).any(|pair| pair[0] != pair[1]), "no jitter");
        backoff.over();
        assert!(backoff.failed(&unavailable(), &random) <= FIRST_WAIT * 3 / 2);
    }

    #[test]
    fn the_log_includes_the_causes() {
        let error = Error::unavailable("database", std::io::Error::other("connection refused"));
        assert_eq!(
            with_causes(&error),
            "database is not available: connection refused"
        );
    }
}
