//! Counters of the database API, for the metrics.

use crate::stopwatch::Stopwatch;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The outcome of the last write that changed data on the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWrite {
    /// It was committed this long ago.
    Committed(Duration),
    /// The storage refused it: it is full, read-only, or broken.
    Refused,
}

/// Counters since the database was opened, and the number of callers waiting now.
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
    last_write: Mutex<Option<Write>>,
}

#[derive(Debug, Clone, Copy)]
enum Write {
    Committed(Stopwatch),
    Refused,
}

impl Tally {
    /// Counts a COMMIT of this many transactions. It proves that the storage takes writes only if a row `changed`: a
    /// COMMIT without changes does not touch the storage.
    pub(crate) fn committed(&self, transactions: usize, changed: bool) {
        Self::add(&self.commits, 1);
        Self::add(&self.grouped, transactions);
        if changed {
            *self.last_write.lock() = Some(Write::Committed(Stopwatch::start()));
        }
    }

    /// Counts a COMMIT that failed.
    pub(crate) fn commit_failed(&self) {
        Self::add(&self.failed_commits, 1);
        self.write_refused();
    }

    /// Records that the storage refused a write.
    pub(crate) fn write_refused(&self) {
        *self.last_write.lock() = Some(Write::Refused);
    }

    pub(crate) fn last_write(&self) -> Option<LastWrite> {
        let last = *self.last_write.lock();
        last.map(|write| match write {
            Write::Committed(since) => LastWrite::Committed(since.elapsed()),
            Write::Refused => LastWrite::Refused,
        })
    }

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
