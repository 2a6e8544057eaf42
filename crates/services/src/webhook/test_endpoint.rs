//! Sends a test to an endpoint.

use super::dispatch::body_of;
use crate::repositories::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::webhook::{WebhookDelivery, WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::{Command, CommandContext, UseCase};
use serde_json::json;

/// The kind of the event that a test sends.
const KIND: &str = "webhook-endpoint.test";

/// Sends an event of its own to an endpoint, whatever kinds the endpoint wants.
#[derive(Debug, Clone)]
pub struct TestWebhookEndpoint {
    /// The endpoint.
    pub id: WebhookEndpointId,
}

impl UseCase for TestWebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint.test";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    const RATE: Rate = Rate::per_minute(20);
    type Output = WebhookDelivery;
}

impl Command for TestWebhookEndpoint {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<WebhookDelivery> {
        let endpoint = cx.rows::<WebhookEndpoint>().find(self.id).await?;
        let (event, now) = (cx.make_id(), cx.now());
        let body = body_of(KIND, now, "{}")?;
        let delivery = WebhookDelivery::new(cx.make_id(), &endpoint, (event, KIND), body, now);
        let permit = cx.permit(WebhookDelivery::TEST, &delivery)?;
        cx.webhooks().insert(&permit, &delivery).await?;
        let facts = json!({"endpointId": endpoint.id});
        cx.record(
            permit,
            DomainEvent::noted("webhook-delivery.tested", "TEST", &facts),
        );
        Ok(delivery)
    }
}
