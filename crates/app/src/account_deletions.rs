//! The periodic task that deletes accounts.

use mainstay_background::{PeriodicTask, Progress};
use mainstay_domain::Result;
use mainstay_engine::Engine;
use mainstay_services::user::{DELETION_BATCH, delete_due_accounts};
use std::time::Duration;

/// Deletes accounts whose owners requested it, when their period of grace is over.
pub(crate) struct AccountDeletions(Engine);

impl AccountDeletions {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(engine)
    }
}

impl PeriodicTask for AccountDeletions {
    const NAME: &'static str = "account deletions";
    const INTERVAL: Duration = Duration::from_mins(1);

    async fn run_once(&mut self) -> Result<Progress> {
        let deleted = delete_due_accounts(self.0.pipeline()).await?;
        Ok(Progress::of(deleted, DELETION_BATCH))
    }
}
