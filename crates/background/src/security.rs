//! Writes denied and suspicious requests to the security events.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;

/// Writes the counters of each second, so that an attack costs one row per second and attacker, not one per request.
pub(crate) struct Security(Services);

impl Security {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl PeriodicTask for Security {
    const NAME: &'static str = "security";
    const INTERVAL: Duration = Duration::from_secs(1);
    const RUN_AT_SHUTDOWN: bool = true;

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.flush_security().await?;
        Ok(Progress::Rest)
    }
}
