//! Replaces the secret of an endpoint.

use super::secret::{NewWebhookSecret, renew_secret};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::{Command, CommandContext, UseCase};
use serde_json::json;

/// Makes a new secret for an endpoint. The former one signs beside it for a day, so that the receiver can change over.
#[derive(Debug, Clone)]
pub struct RotateWebhookSecret {
    /// The endpoint.
    pub id: WebhookEndpointId,
}

impl UseCase for RotateWebhookSecret {
    const NAME: &'static str = "webhook-endpoint.rotate-secret";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    const RATE: Rate = Rate::per_minute(20);
    const SECRET_ANSWER: bool = true;
    type Output = NewWebhookSecret;
}

impl Command for RotateWebhookSecret {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<NewWebhookSecret> {
        let action = WebhookEndpoint::ROTATE_SECRET;
        let (endpoint, permit) = cx.rows::<WebhookEndpoint>().find_to(action, self.id).await?;
        let secret = renew_secret(cx, &permit, &endpoint).await?;
        let facts = json!({"formerUntil": cx.now().after(WebhookEndpoint::ROTATION)});
        cx.record(
            permit,
            DomainEvent::noted("webhook-endpoint.secret-rotated", "ROTATE_SECRET", &facts),
        );
        Ok(NewWebhookSecret { endpoint, secret })
    }
}
