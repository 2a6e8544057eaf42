//! Links audit entries into the chain.

use crate::chore::{Chore, Turn};
use mainstay_domain::Result;
use mainstay_services::Services;
use std::time::Duration;
use tokio::sync::Notify;

const BATCH: u32 = 500;

/// Links the waiting audit entries. An entry can be altered unnoticed until it is linked, so this is not delayed.
pub(crate) struct Sealer(Services);

impl Sealer {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }
}

impl Chore for Sealer {
    const NAME: &'static str = "sealer";
    const REST: Duration = Duration::from_millis(500);
    const SETTLE: Duration = Duration::from_millis(100);
    // Entries recorded after the last run would wait until a process starts again.
    const AT_THE_END: bool = true;

    async fn turn(&mut self) -> Result<Turn> {
        Ok(Turn::of(self.0.seal_audit(BATCH).await?, BATCH))
    }

    fn wakes(&self) -> Option<&Notify> {
        Some(self.0.audit_waits())
    }
}
