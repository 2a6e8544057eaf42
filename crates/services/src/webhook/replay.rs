//! Sends a delivery again.

use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::webhook::{
    WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus, WebhookEndpoint, WebhookEndpointId,
};
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, UseCase};
use serde_json::json;

/// Sends a delivery again, with the same id and body, and as many attempts as a new one.
#[derive(Debug, Clone)]
pub struct ReplayWebhookDelivery {
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// The delivery.
    pub delivery: WebhookDeliveryId,
}

impl UseCase for ReplayWebhookDelivery {
    const NAME: &'static str = "webhook-delivery.replay";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    const RATE: Rate = Rate::per_minute(60);
    type Output = WebhookDelivery;
}

impl Command for ReplayWebhookDelivery {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<WebhookDelivery> {
        let before = cx.rows::<WebhookDelivery>().find(self.delivery).await?;
        if before.endpoint_id != self.endpoint {
            return Err(Error::NotFound);
        }
        if before.status == WebhookDeliveryStatus::Pending {
            return Err(Error::InvalidState(
                "the delivery is on its way already".to_owned(),
            ));
        }
        let after = before.replayed(cx.now());
        let permit = cx.rows().update(WebhookDelivery::REPLAY, &after).await?;
        let facts = json!({"endpointId": after.endpoint_id, "kind": after.kind});
        cx.record(
            permit,
            DomainEvent::noted("webhook-delivery.replayed", "REPLAY", &facts),
        );
        Ok(after)
    }
}
