//! Whether this node is ready for work.

use crate::clock_skew::{ClockMonitor, ClockSkew};
use crate::node::Node;
use crate::write_probe::WriteProbe;
use std::sync::Arc;
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

/// Checks whether this node is ready for work.
pub struct ReadinessProbe {
    node: Node,
    writes: WriteProbe,
    clock: Arc<ClockMonitor>,
    is_draining: AtomicBool,
}

impl ReadinessProbe {
    /// A probe of a node that is not draining.
    pub fn new(node: Node, clock: Arc<ClockMonitor>) -> Self {
        Self {
            writes: WriteProbe::new(node.clone()),
            node,
            clock,
            is_draining: AtomicBool::new(false),
        }
    }

    /// Checks the database, the storage and the drain flag.
    pub async fn check(&self) -> Readiness {
        let database = self.node.database.ping().await;
        if let Err(error) = &database {
            tracing::warn!(%error, "the database does not answer");
        }
        let database = database.is_ok();
        Readiness {
            database,
            writes: database && self.writes.takes_writes().await,
            draining: self.is_draining.load(Ordering::Acquire),
            clock_skew: self.clock.skew(),
        }
    }

    /// Marks this node as draining: from now on it is not ready.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }
}
