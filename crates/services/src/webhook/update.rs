//! Changes an endpoint.

use super::{canonical, check_fields, check_url, unique};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointId, WebhookEndpointStatus};
use mainstay_engine::{Command, CommandContext, UseCase};

/// Changes an endpoint; what is `None` stays. One that is enabled again is sent the deliveries that wait for it.
#[derive(Debug, Clone)]
pub struct UpdateWebhookEndpoint {
    /// The endpoint.
    pub id: WebhookEndpointId,
    /// Where requests are sent.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The kinds of events, as patterns.
    pub kinds: Option<Vec<String>>,
    /// Whether it is informed of events.
    pub status: Option<WebhookEndpointStatus>,
}

impl UseCase for UpdateWebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint.update";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    type Output = WebhookEndpoint;

    fn validate(&self) -> Result<(), ValidationErrors> {
        check_fields((
            self.url.as_deref(),
            self.description.as_deref(),
            self.kinds.as_deref(),
        ))
    }
}

impl Command for UpdateWebhookEndpoint {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<WebhookEndpoint> {
        let before = cx.rows::<WebhookEndpoint>().find(self.id).await?;
        let mut after = before.clone();
        if let Some(url) = self.url {
            check_url(cx, &url)?;
            after.url = url;
        }
        if let Some(description) = &self.description {
            after.description = canonical(description);
        }
        if let Some(kinds) = &self.kinds {
            after.kinds = unique(kinds);
        }
        if let Some(status) = self.status {
            after.status = status;
            // Otherwise the next failure would disable it at once.
            after.failing_since = None;
        }
        after.updated_at = cx.now();
        let permit = cx.rows().update(WebhookEndpoint::UPDATE, &after).await?;
        cx.record(
            permit,
            DomainEvent::updated("webhook-endpoint.updated", &before, &after),
        );
        Ok(after)
    }
}
