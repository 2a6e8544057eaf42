//! Measures the length of the job queues for the metrics.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;

/// Counts the jobs of each queue. Rarely, because metrics are scraped only about every 15 seconds.
pub(crate) struct Queues(Services);

impl Queues {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for Queues {
    const NAME: &'static str = "figures";
    const REST: Duration = Duration::from_secs(10);

    async fn turn(&mut self) -> Result<Turn> {
        self.0.measure_queues().await?;
        Ok(Turn::Rest)
    }
}
