//! Lists jobs.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::job::Job;
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

impl Query for ListJobs {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<Job>> {
        let scope = cx.scope();
        cx.jobs().list(&scope, &self.filter, &self.page).await
    }
}
