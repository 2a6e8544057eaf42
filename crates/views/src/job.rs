//! The representation of jobs.

use mainstay_domain::id::JobId;
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A background job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
pub struct JobView {
    #[schema(value_type = String, format = Uuid)]
    id: JobId,
    /// The name of the use case that executes it.
    kind: String,
    queue: String,
    #[schema(value_type = StateShape)]
    state: JobState,
    attempts: i64,
    max_attempts: i64,
    #[schema(value_type = String, format = DateTime)]
    run_at: Timestamp,
    /// From 0 to 1 while the job runs; null for a job that reports none, until it is done.
    #[schema(value_type = Option<f64>, required)]
    progress: Option<u8>,
    #[schema(required)]
    last_error: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    finished_at: Option<Timestamp>,
}

/// The state of a job.
#[derive(ToSchema)]
#[schema(as = JobState, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum StateShape {
    Queued,
    Running,
    Retrying,
    Done,
    Dead,
    Cancelled,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            queue: job.queue,
            state: job.state,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            run_at: job.run_at,
            progress: (job.state == JobState::Done).then_some(1),
            last_error: job.last_error,
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}
