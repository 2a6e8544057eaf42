//! The periodic task that expires orders.

use mainstay_background::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use mainstay_services::order::{EXPIRY_BATCH, expire_orders};
use std::time::Duration;

/// Expires orders that were not paid in time, so that their reserved stock can be sold again.
pub(crate) struct OrderDeadlines(Engine);

impl OrderDeadlines {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for OrderDeadlines {
    const NAME: &'static str = "deadlines";
    const INTERVAL: Duration = Duration::from_secs(2);

    async fn run_once(&mut self) -> Result<Progress> {
        let expired = expire_orders(self.0.pipeline()).await?;
        Ok(Progress::of(expired, EXPIRY_BATCH))
    }
}
