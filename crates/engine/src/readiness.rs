//! Whether this node is ready for work.

use crate::clock_skew::ClockSkew;
use crate::services::Services;
use std::sync::atomic::{AtomicBool, Ordering};

/// The result of a readiness check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// The database answers, and can run a write transaction.
    pub database: bool,
    /// The storage under the database takes writes: it has space and grants the permission.
    pub writes: bool,
    /// The process is about to stop and takes no new work.
    pub draining: bool,
    /// How far this node's clock is ahead of the database's, as last measured; `None` where there is nothing to
    /// compare. It does not make a node unready: every node's clock may be right, and the database's wrong.
    pub clock_skew: Option<ClockSkew>,
}

impl Readiness {
    /// Whether the node takes new work.
    pub fn is_ready(self) -> bool {
        self.database && self.writes && !self.draining
    }
}

/// Whether the process is about to stop.
#[derive(Debug, Default)]
pub(crate) struct Draining(AtomicBool);

impl Services {
    /// Checks the database, the storage and the drain flag.
    pub async fn readiness(&self) -> Readiness {
        let database = self.database().ping().await;
        if let Err(error) = &database {
            tracing::warn!(%error, "the database does not answer");
        }
        let database = database.is_ok();
        Readiness {
            database,
            writes: database && self.takes_writes().await,
            draining: self.draining().0.load(Ordering::Acquire),
            clock_skew: self.clock_skew(),
        }
    }

    /// Marks this node as draining: from now on it is not ready.
    pub fn drain(&self) {
        self.draining().0.store(true, Ordering::Release);
    }
}
