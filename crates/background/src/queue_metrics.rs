//! Measures the length of the job queues for the metrics.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Counts the jobs of each queue. Rarely, because metrics are scraped only about every 15 seconds.
pub(crate) struct Queues(Engine);

impl Queues {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for Queues {
    const NAME: &'static str = "queue metrics";
    const INTERVAL: Duration = Duration::from_secs(10);

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.jobs().measure_queues().await?;
        Ok(Progress::Rest)
    }
}
