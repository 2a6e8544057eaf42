//! Reads an endpoint.

use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::{Query, QueryContext, UseCase};

/// Reads an endpoint.
#[derive(Debug, Clone)]
pub struct ReadWebhookEndpoint {
    /// The endpoint.
    pub id: WebhookEndpointId,
}

impl UseCase for ReadWebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint.read";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    type Output = WebhookEndpoint;
}

impl Query for ReadWebhookEndpoint {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<WebhookEndpoint> {
        cx.rows().find(self.id).await
    }
}
