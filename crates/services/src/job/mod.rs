//! Background jobs: stored in the transaction that requests them, executed by a worker through a use case.

mod dead;
mod list;
pub mod live;
pub mod registry;
mod retry;
pub mod run;
pub mod subscriptions;

pub use list::ListJobs;
pub use retry::RetryJob;

use mainstay_domain::id::JobId;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_repositories::NewJob;
use registry::JobSpec;

/// The row of a job that is due now.
pub(crate) fn new_job(
    spec: JobSpec,
    now: Timestamp,
    random: &dyn Random,
    request_id: Option<&str>,
) -> NewJob {
    NewJob {
        id: JobId::make(now, random),
        kind: spec.kind.to_owned(),
        queue: spec.queue.to_owned(),
        payload: spec.payload,
        max_attempts: i64::from(spec.max_attempts),
        run_at: now,
        priority: 0,
        unique_key: spec.unique_key,
        request_id: request_id.map(str::to_owned),
        created_at: now,
    }
}
