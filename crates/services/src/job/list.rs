//! Lists jobs.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::job::Job;
use mainstay_domain::page::{Listing, Page};
use mainstay_repositories::JobFilter;

/// Lists jobs by state, queue or kind, newest first.
#[derive(Debug, Clone)]
pub struct ListJobs {
    /// The state, queue and kind to list.
    pub filter: JobFilter,
    /// The page to return.
    pub page: Page,
}

impl UseCase for ListJobs {
    const NAME: &'static str = "job.list";
    const ACCESS: Access = Access::permission(Permission::MANAGE_JOB);
    type Output = Listing<Job>;
}

impl Query for ListJobs {
    async fn run(self, view: &mut View<'_>) -> Result<Listing<Job>> {
        let scope = view.scope();
        view.jobs().list(&scope, &self.filter, &self.page).await
    }
}
