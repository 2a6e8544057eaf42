//! Records when API keys were last used.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use std::time::Duration;

/// Writes the uses of API keys that requests noted in memory, at most one a minute and key.
pub(crate) struct ApiKeyUses(Engine);

impl ApiKeyUses {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for ApiKeyUses {
    const NAME: &'static str = "uses of API keys";
    const INTERVAL: Duration = Duration::from_secs(5);
    const RUN_AT_SHUTDOWN: bool = true;

    async fn run_once(&mut self) -> Result<Progress> {
        self.0.authenticator().flush_uses().await?;
        Ok(Progress::Rest)
    }
}
