//! Writes denied and suspicious requests to the security events.

use crate::chore::{Chore, Turn};
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

impl Chore for Security {
    const NAME: &'static str = "security";
    const REST: Duration = Duration::from_secs(1);
    const AT_THE_END: bool = true;

    async fn turn(&mut self) -> Result<Turn> {
        self.0.flush_security().await?;
        Ok(Turn::Rest)
    }
}
