//! Lists the deliveries to an endpoint.

use crate::list::{FilterShape, ListFilter, ListOf, ListParams, ListQuery, set};
use mainstay_domain::access::Access;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::webhook::{WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint, WebhookEndpointId};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Query, QueryContext, UseCase};
use mainstay_repositories::{FilterValue, RowQuery};

/// Lists the deliveries to an endpoint, newest first.
#[derive(Debug, Clone)]
pub struct ListWebhookDeliveries {
    /// The endpoint.
    pub endpoint: Option<WebhookEndpointId>,
    /// The status to list; `None`: all.
    pub status: Option<WebhookDeliveryStatus>,
    /// The page to return.
    pub page: PageRequest,
}

impl UseCase for ListWebhookDeliveries {
    const NAME: &'static str = "webhook-delivery.list";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    type Output = Page<WebhookDelivery>;
}

impl ListQuery for ListWebhookDeliveries {
    type Item = WebhookDelivery;
    type Filter = Option<WebhookDeliveryStatus>;
    type Sort = ();
    const FILTERS: &'static [ListFilter<Self::Filter>] = &[ListFilter::new(
        "status",
        "",
        FilterShape::Words(WebhookDeliveryStatus::NAMES),
        set::word,
    )];

    fn list(params: ListParams<Self::Filter, ()>) -> Self {
        Self {
            endpoint: None,
            status: params.filter,
            page: params.page,
        }
    }
}

impl ListOf for ListWebhookDeliveries {
    type Parent = WebhookEndpointId;

    fn of(self, endpoint: WebhookEndpointId) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..self
        }
    }
}

impl Query for ListWebhookDeliveries {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<WebhookDelivery>> {
        let endpoint = self.endpoint.ok_or(Error::NotFound)?;
        let endpoint = cx.rows::<WebhookEndpoint>().find(endpoint).await?;
        let id = FilterValue::Id(endpoint.id.uuid());
        let mut query = RowQuery::new().filter("endpoint_id", id)?;
        if let Some(status) = self.status {
            query = query.filter("status", status.as_str())?;
        }
        cx.rows().list(&query, &self.page).await
    }
}
