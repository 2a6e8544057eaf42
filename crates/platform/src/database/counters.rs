//! Counters of the database API, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the database has done since it was opened, and how many callers are waiting now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// COMMITs of writes that succeeded.
    pub commits: u64,
    /// Transactions in those COMMITs: `grouped / commits` is the mean size of a group.
    pub grouped: u64,
    /// COMMITs that failed.
    pub failed_commits: u64,
    /// Transactions that were run again.
    pub retries: u64,
    /// Transactions that panicked.
    pub panics: u64,
    /// Checkpoints of SQLite's write-ahead log.
    pub checkpoints: u64,
    /// Writes waiting in SQLite's queue, or callers waiting for a PostgreSQL connection, at this moment.
    pub waiting: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) commits: AtomicU64,
    pub(crate) grouped: AtomicU64,
    pub(crate) failed_commits: AtomicU64,
    pub(crate) retries: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
}

impl Tally {
    pub(crate) fn add(counter: &AtomicU64, amount: usize) {
        counter.fetch_add(amount as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, waiting: usize) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            commits: read(&self.commits),
            grouped: read(&self.grouped),
            failed_commits: read(&self.failed_commits),
            retries: read(&self.retries),
            panics: read(&self.panics),
            checkpoints: read(&self.checkpoints),
            waiting: waiting as u64,
        }
    }
}
