//! Lists the caller's API keys.

use crate::list::{FilterShape, ListFilter, ListParams, ListQuery, set};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::api_key::{ApiKey, ApiKeyStatus};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::RowQuery;

/// Lists the caller's API keys, newest first; those that were revoked only on request.
#[derive(Debug, Clone)]
pub struct ListApiKeys {
    /// The status to list; `None`: active keys.
    pub status: Option<ApiKeyStatus>,
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListApiKeys {
    const NAME: &'static str = "api-key.list";
    const ACCESS: Access = Access::session();
    type Output = Page<ApiKey>;
}

impl ListQuery for ListApiKeys {
    type Item = ApiKey;
    type Filter = Option<ApiKeyStatus>;
    type Sort = ();
    const FILTERS: &'static [ListFilter<Self::Filter>] = &[ListFilter::new(
        "status",
        "`active` when absent.",
        FilterShape::Words(ApiKeyStatus::NAMES),
        set::word,
    )];

    fn list(params: ListParams<Self::Filter, ()>) -> Self {
        Self {
            status: params.filter,
            page: params.page,
        }
    }
}

impl Query for ListApiKeys {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<ApiKey>> {
        let status = self.status.unwrap_or(ApiKeyStatus::Active);
        let query = RowQuery::new().filter("status", status.as_str())?;
        cx.rows().list(&query, &self.page).await
    }
}
