//! Writes when sessions were last used.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Writes the sessions that this process has served since its last run, all at once.
pub(crate) struct LastSeen(Engine);

impl LastSeen {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for LastSeen {
    const NAME: &'static str = "last seen";
    const INTERVAL: Duration = Duration::from_secs(15);
    const RUN_AT_SHUTDOWN: bool = true;

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.last_seen().flush().await?;
        Ok(Progress::Rest)
    }
}
