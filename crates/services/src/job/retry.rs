//! Retries a job.

use mainstay_domain::access::{Access, Permission};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::database::DatabaseError;
use serde_json::json;

/// Puts a dead or cancelled job back into its queue with all its attempts.
#[derive(Debug, Clone)]
pub struct RetryJob {
    /// The job to retry.
    pub id: JobId,
}

impl UseCase for RetryJob {
    const NAME: &'static str = "job.retry";
    const ACCESS: Access = Access::permission(Permission::MANAGE_JOB);
    type Output = ();
}

impl Command for RetryJob {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (scope, now) = (cx.scope_to::<Job>(Job::RETRY), cx.now());
        let job = cx.jobs().find(&scope, self.id).await?;
        let permit = cx.permit(Job::RETRY, &job)?;
        if !matches!(job.state, JobState::Dead | JobState::Cancelled) {
            return Err(Error::InvalidState(format!(
                "a job that is {} cannot be retried",
                job.state.as_str()
            )));
        }
        if !cx.jobs().retry(&permit, &job, now).await? {
            // It was claimed or retried in between: run the transaction again.
            return Err(DatabaseError::Retry.into());
        }
        let (before, after) = (json!({"state": job.state}), json!({"state": JobState::Queued}));
        cx.record(
            permit,
            DomainEvent::acted("job.retried", "RETRY", &before, &after),
        );
        cx.jobs_due();
        Ok(())
    }
}
