//! Jobs.

use crate::parse;
use mainstay_views::JobView;
use mainstay_domain::id::JobId;
use mainstay_domain::job::JobState;
use mainstay_domain::page::DEFAULT_LIMIT;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Listed};
use mainstay_edge::input::{PageParams, PathId, Query, page};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::job::{ListJobs, RetryJob};
use mainstay_services::list::JobFilter;
use serde::Deserialize;

const STATES: &str = "queued, running, retrying, done, dead, cancelled";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ListJobs, list))
        .add(route!(RetryJob, retry))
}

/// The query parameters of the list of jobs.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListJobsParams {
    /// `queued`, `running`, `retrying`, `done`, `dead` or `cancelled`.
    #[param(pattern = "^(queued|running|retrying|done|dead|cancelled)$")]
    state: Option<String>,
    #[param(min_length = 1, max_length = 200)]
    queue: Option<String>,
    #[param(min_length = 1, max_length = 200)]
    kind: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1)]
    page: Option<String>,
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Instead of `page`: the `nextCursor` of this list with the same sort and filters; empty for the beginning.
    #[param(pattern = "^([0-9a-f]{2})*$")]
    cursor: Option<String>,
}

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(ListJobsParams),
    responses((status = 200, description = "Jobs", body = Listed<JobView>)))]
async fn list(operation: Operation<ListJobs>, Query(params): Query<ListJobsParams>) -> Answer {
    let mut errors = ValidationErrors::new();
    let state = params
        .state
        .as_deref()
        .map(|text| parse::word(text, JobState::find, STATES));
    let state = errors.take_optional("state", state);
    let queue = errors.take_optional("queue", params.queue.as_deref().map(parse::words));
    let kind = errors.take_optional("kind", params.kind.as_deref().map(parse::words));
    let page_params = PageParams {
        page: params.page.as_deref(),
        limit: params.limit.as_deref(),
        cursor: params.cursor.as_deref(),
    };
    let page = page(&mut errors, page_params, DEFAULT_LIMIT);
    let page = ApiError::unless_good(errors, page)?;
    let filter = JobFilter { state, queue, kind };
    answer::list(operation.query(ListJobs { filter, page }).await?, JobView::from)
}

/// Tries a dead job again.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "It will be tried again")))]
async fn retry(operation: Operation<RetryJob>, PathId(id): PathId<JobId>) -> Answer {
    operation.command(RetryJob { id }).await?;
    Ok(answer::nothing())
}
