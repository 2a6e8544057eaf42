//! Jobs.

use mainstay_domain::id::JobId;
use mainstay_edge::answer;
use mainstay_edge::input::PathId;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_services::job::{ListJobs, RetryJob};
use mainstay_views::JobView;

pub(crate) fn routes() -> Routes {
    Routes::tagged("jobs")
        .list::<ListJobs, JobView>("/api/jobs", "Lists jobs, newest first.", "Jobs")
        .add(route!(RetryJob, retry))
}

/// Queues a dead job again.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "The job is queued again")))]
async fn retry(operation: Operation<RetryJob>, PathId(id): PathId<JobId>) -> Answer {
    operation.command(RetryJob { id }).await?;
    Ok(answer::nothing())
}
