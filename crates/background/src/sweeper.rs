//! Enforces deadlines and deletes expired records.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;

/// Number of orders that [`Services::expire_orders`] expires in one call.
const BATCH: u32 = 100;

/// Expires orders that were not paid in time, so that their reserved stock can be sold again.
pub(crate) struct Deadlines(Services);

impl Deadlines {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl PeriodicTask for Deadlines {
    const NAME: &'static str = "deadlines";
    const INTERVAL: Duration = Duration::from_secs(2);

    async fn run_once(&mut self) -> Result<Progress> {
        Ok(Progress::of(self.0.expire_orders().await?, BATCH))
    }
}

/// Deletes records that are no longer needed.
pub(crate) struct OldRecords(Services);

impl OldRecords {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl PeriodicTask for OldRecords {
    const NAME: &'static str = "old records";
    const INTERVAL: Duration = Duration::from_mins(10);

    async fn run_once(&mut self) -> Result<Progress> {
        let gone = self.0.prune().await?;
        if gone > 0 {
            tracing::debug!(gone, "removed old records");
        }
        Ok(Progress::Rest)
    }
}
