//! Lists the endpoints.

use crate::list::{ListFilter, ListParams, ListQuery};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::webhook::WebhookEndpoint;
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::RowQuery;

/// Lists the endpoints, newest first.
#[derive(Debug, Clone)]
pub struct ListWebhookEndpoints {
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListWebhookEndpoints {
    const NAME: &'static str = "webhook-endpoint.list";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    type Output = Page<WebhookEndpoint>;
}

impl ListQuery for ListWebhookEndpoints {
    type Item = WebhookEndpoint;
    type Filter = ();
    type Sort = ();
    const FILTERS: &'static [ListFilter<()>] = &[];

    fn list(params: ListParams<(), ()>) -> Self {
        Self { page: params.page }
    }
}

impl Query for ListWebhookEndpoints {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<WebhookEndpoint>> {
        cx.rows().list(&RowQuery::new(), &self.page).await
    }
}
