//! Writes denied and suspicious requests to the security events.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Writes the counters of each second, so that an attack costs one row per second and attacker, not one per request.
pub(crate) struct Security(Engine);

impl Security {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for Security {
    const NAME: &'static str = "security";
    const INTERVAL: Duration = Duration::from_secs(1);
    const RUN_AT_SHUTDOWN: bool = true;

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.security().flush().await?;
        Ok(Progress::Rest)
    }
}
