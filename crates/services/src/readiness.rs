//! Whether this node can do its work.

use crate::clock_skew::ClockSkew;
use crate::services::Services;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was found when somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// The database answers, and its writer has its turn.
    pub database: bool,
    /// The storage under the database takes writes: there is room, and the right to.
    pub writes: bool,
    /// The process is about to stop and wants no new work.
    pub draining: bool,
    /// How far this node's clock is ahead of the database's, as last measured; `None` where there is nothing to compare.
    /// It does not make a node unready: all of them may be right, and the database wrong.
    pub clock_skew: Option<ClockSkew>,
}

impl Readiness {
    /// Whether new work is welcome.
    pub fn is_ready(self) -> bool {
        self.database && self.writes && !self.draining
    }
}

/// Whether the process is about to stop.
#[derive(Debug, Default)]
pub(crate) struct Draining(AtomicBool);

impl Services {
    /// Asks what this node needs whether it is there.
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

    /// Says from now on that no new work is welcome.
    pub fn drain(&self) {
        self.draining().0.store(true, Ordering::Release);
    }
}
