//! What every mechanism of a node uses.

use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::random::Random;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::database::{Database, ReadMode, Stats, Tx};
use mainstay_platform::telemetry::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The database, the clock, randomness, the metrics, and the wake-ups of this node's workers. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    /// SQLite or PostgreSQL.
    pub database: Database,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids, keys and other random values.
    pub random: Arc<dyn Random>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Notified after a commit that left work to this node's workers.
    pub wakes: Arc<Wakes>,
}

/// Wake-ups: a worker waits for one and for its own interval, whichever is first.
#[derive(Debug, Default)]
pub struct Wakes {
    /// Jobs were committed on this node.
    pub jobs: Notify,
    /// Events were committed on this node.
    pub events: Notify,
    /// Audit entries were committed on this node.
    pub audit: Notify,
    /// Events were relayed on this node.
    pub relayed: Notify,
}

impl Node {
    /// The current instant, by the clock that was passed in.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Adds the statements of one transaction to the metrics.
    pub(crate) fn used(&self, stats: Stats) {
        let took = Duration::from_micros(stats.database_us);
        self.metrics.database_used(stats.statements, took);
    }

    /// Reads in a snapshot, outside of any use case.
    pub(crate) async fn read<T, F>(&self, mode: ReadMode, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let node = self.clone();
        self.database
            .read(mode, move |tx| {
                Box::pin(async move {
                    let out = read(&mut *tx).await;
                    node.used(tx.stats());
                    out
                })
            })
            .await
    }
}
