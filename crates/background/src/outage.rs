//! Keeps trying while something is away, and says so twice: when it goes and when it is back.

use mainstay_domain::Error;
use mainstay_domain::error::Code;
use mainstay_domain::random::{self, Random};
use std::time::Duration;

/// The first wait; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(10);

/// The failures of one loop in a row.
pub(crate) struct Outage {
    name: &'static str,
    failures: u32,
    told: Option<Code>,
}

impl Outage {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            failures: 0,
            told: None,
        }
    }

    /// Takes note of a failure and says how long to wait: up to a half longer at random, so that the nodes that lost
    /// the database together do not come back together. Only the first failure of its kind is logged.
    pub(crate) fn failed(&mut self, error: &Error, random: &dyn Random) -> Duration {
        if self.is_news(error) {
            tracing::error!(
                task = self.name,
                error = told(error),
                "failed, and is tried again until it works"
            );
        }
        let wait = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let spread = u32::from(u16::from_be_bytes(random::bytes(random)));
        wait + wait / 2 * spread / u32::from(u16::MAX)
    }

    fn is_news(&mut self, error: &Error) -> bool {
        self.told.replace(error.code()) != Some(error.code())
    }

    /// Takes note of a success.
    pub(crate) fn over(&mut self) {
        if self.told.take().is_some() {
            tracing::info!(task = self.name, failures = self.failures, "works again");
        }
        self.failures = 0;
    }
}

/// The error with its causes, for the log.
fn told(error: &Error) -> String {
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

    fn away() -> Error {
        Error::Unavailable {
            what: "database",
            source: None,
        }
    }

    #[test]
    fn it_is_told_when_it_goes_and_when_it_goes_again_but_not_in_between() {
        let mut outage = Outage::new("test");
        assert!(outage.is_news(&away()));
        assert!(!outage.is_news(&away()));
        assert!(outage.is_news(&Error::bug("another fault is news")));
        assert!(outage.is_news(&away()));
        outage.over();
        assert!(outage.is_news(&away()));
    }

    #[test]
    fn waits_grow_stay_bounded_and_begin_anew() {
        let (mut outage, random) = (Outage::new("test"), Counting::default());
        let waits: Vec<_> = (0..100).map(|_| outage.failed(&away(), &random)).collect();
        assert!(waits[0] >= FIRST && waits[0] <= FIRST * 3 / 2, "{:?}", waits[0]);
        assert!(
            waits[99] >= LONGEST && waits[99] <= LONGEST * 3 / 2,
            "{:?}",
            waits[99]
        );
        assert!(waits[50..].windows(2).any(|pair| pair[0] != pair[1]), "no jitter");
        outage.over();
        assert!(outage.failed(&away(), &random) <= FIRST * 3 / 2);
    }

    #[test]
    fn the_cause_is_told() {
        let error = Error::unavailable("database", std::io::Error::other("connection refused"));
        assert_eq!(told(&error), "database is not available: connection refused");
    }
}
