//! Use cases that only read.

use super::declaration::UseCase;
use crate::cache::CacheView;
use crate::context::QueryContext;
use mainstay_domain::Result;
use mainstay_platform::database::ReadMode;
use std::future::Future;

/// A use case that only reads, from a read-only snapshot. It never waits for a writer.
pub trait Query: UseCase {
    /// How an embedded database is read: on another thread by default, in place where the query is known to be short.
    const READ: ReadMode = ReadMode::Thread;

    /// The answer from this node's cache, where it is fresh enough to spare the database.
    fn cached(&self, cached: &CacheView<'_>) -> Option<Self::Output> {
        let _ = cached;
        None
    }

    /// Reads from the snapshot.
    ///
    /// # Errors
    /// Not found, or a database error.
    fn run(self, cx: &mut QueryContext<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}
