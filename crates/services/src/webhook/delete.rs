//! Deletes an endpoint.

use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointId};
use mainstay_engine::{Command, CommandContext, UseCase};

/// Deletes an endpoint with its secret and its deliveries. An attempt that is under way is not called back.
#[derive(Debug, Clone)]
pub struct DeleteWebhookEndpoint {
    /// The endpoint.
    pub id: WebhookEndpointId,
}

impl UseCase for DeleteWebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint.delete";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    type Output = ();
}

impl Command for DeleteWebhookEndpoint {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let endpoint = cx.rows::<WebhookEndpoint>().find(self.id).await?;
        let permit = cx.rows().delete(WebhookEndpoint::DELETE, &endpoint).await?;
        cx.record(
            permit,
            DomainEvent::deleted("webhook-endpoint.deleted", &endpoint),
        );
        Ok(())
    }
}
