//! Delivers events to their subscribers.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;
use tokio::sync::Notify;

const BATCH: u32 = 200;

/// Delivers waiting events to their subscribers, in the order in which they were recorded.
pub(crate) struct Relay(Engine);

impl Relay {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for Relay {
    const NAME: &'static str = "relay";
    const INTERVAL: Duration = Duration::from_secs(1);
    const DEBOUNCE: Duration = Duration::from_millis(5);
    const SPACING: Duration = Duration::from_millis(20);

    async fn run_once(&mut self) -> Result<Progress> {
        Ok(Progress::of(self.0.relay().relay(BATCH).await?, BATCH))
    }

    fn wakes(&self) -> Option<&Notify> {
        Some(self.0.relay().wakes())
    }
}
