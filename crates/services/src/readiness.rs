//! Whether this node can do its work.

use crate::services::Services;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was found when somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// The database answers.
    pub database: bool,
    /// The process is about to stop and wants no new work.
    pub draining: bool,
}

impl Readiness {
    /// Whether new work is welcome.
    pub fn is_ready(self) -> bool {
        self.database && !self.draining
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
        Readiness {
            database: database.is_ok(),
            draining: self.draining().0.load(Ordering::Acquire),
        }
    }

    /// Says from now on that no new work is welcome.
    pub fn drain(&self) {
        self.draining().0.store(true, Ordering::Release);
    }
}
