//! Deletes expired records.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Deletes records that are no longer needed.
pub(crate) struct OldRecords(Engine);

impl OldRecords {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for OldRecords {
    const NAME: &'static str = "old records";
    const INTERVAL: Duration = Duration::from_mins(10);

    async fn run_once(&mut self) -> Result<Progress> {
        let gone = self.0.sweeper().prune().await?;
        if gone > 0 {
            tracing::debug!(gone, "removed old records");
        }
        Ok(Progress::Rest)
    }
}
