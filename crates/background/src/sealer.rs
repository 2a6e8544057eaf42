//! Links audit entries into the chain.

use crate::periodic_task::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;
use mainstay_engine::Engine;
use std::time::Duration;
use tokio::sync::Notify;

const BATCH: u32 = 500;

/// Sends the head of the chain to an external receiver, at the start and then on a schedule.
pub(crate) struct HeadSender {
    engine: Engine,
    sent_at: Option<Timestamp>,
}

impl HeadSender {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            sent_at: None,
        }
    }
}

impl PeriodicTask for HeadSender {
    const NAME: &'static str = "audit witness";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn run_once(&mut self) -> Result<Progress> {
        let (now, every) = (self.engine.now(), self.engine.head_publisher().interval());
        let is_due = self.sent_at.is_none_or(|sent| now.since(sent) >= every);
        if is_due && self.engine.head_publisher().publish().await? {
            self.sent_at = Some(now);
        }
        Ok(Progress::Rest)
    }
}

/// Links the unsealed audit entries into the chain. Every process runs it, whatever its roles: until an entry is
/// linked, only the process that wrote it is certain to know of it.
pub(crate) struct Sealer(Engine);

impl Sealer {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for Sealer {
    const NAME: &'static str = "sealer";
    const INTERVAL: Duration = Duration::from_millis(500);
    const DEBOUNCE: Duration = Duration::from_millis(100);
    // Entries recorded after the last run would wait until a process starts again.
    const RUN_AT_SHUTDOWN: bool = true;

    async fn run_once(&mut self) -> Result<Progress> {
        Ok(Progress::of(self.0.audit_sealer().seal(BATCH).await?, BATCH))
    }

    fn wakes(&self) -> Option<&Notify> {
        Some(self.0.audit_sealer().wakes())
    }
}

/// An entry is linked within a second of its commit, unless the machine is too busy to run the task.
const _: () = assert!(Sealer::INTERVAL.as_millis() + Sealer::DEBOUNCE.as_millis() <= 1000);
