//! Delivers events to their subscribers.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;
use tokio::sync::Notify;

const BATCH: u32 = 200;

/// Delivers waiting events to their subscribers, in the order in which they were recorded.
pub(crate) struct Relay(Services);

impl Relay {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for Relay {
    const NAME: &'static str = "relay";
    const REST: Duration = Duration::from_secs(1);
    const SETTLE: Duration = Duration::from_millis(5);

    async fn turn(&mut self) -> Result<Turn> {
        Ok(Turn::of(self.0.relay_events(BATCH).await?, BATCH))
    }

    fn wakes(&self) -> Option<&Notify> {
        Some(self.0.events_wait())
    }
}
