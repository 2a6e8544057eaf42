//! Lists jobs.

use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, set};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::job::{Job, JobState};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};
use mainstay_repositories::JobFilter;

/// Lists jobs by state, queue or kind, newest first.
#[derive(Debug, Clone)]
pub struct ListJobs {
    /// The state, queue and kind to list.
    pub filter: JobFilter,
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListJobs {
    const NAME: &'static str = "job.list";
    const ACCESS: Access = Access::permission(Permission::MANAGE_JOB);
    type Output = Page<Job>;
}

impl ListQuery for ListJobs {
    type Item = Job;
    type Filter = JobFilter;
    type Sort = ();
    const FILTERS: &'static [ListFilter<JobFilter>] = &[
        ListFilter::new(
            "state",
            "",
            FilterShape::Words(JobState::NAMES),
            |filter, text| set::word(&mut filter.state, text),
        ),
        ListFilter::new("queue", "", FilterShape::Text, |filter, text| {
            set::text(&mut filter.queue, text)
        }),
        ListFilter::new("kind", "", FilterShape::Text, |filter, text| {
            set::text(&mut filter.kind, text)
        }),
    ];

    fn list(params: ListParams<JobFilter, ()>) -> Self {
        let ListParams { filter, page, .. } = params;
        Self { filter, page }
    }
}

impl Query for ListJobs {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Job>> {
        let scope = cx.scope();
        cx.jobs().list(&scope, &self.filter, &self.page).await
    }
}
