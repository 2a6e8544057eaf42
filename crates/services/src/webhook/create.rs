//! Registers an endpoint.

use super::secret::{NewWebhookSecret, renew_secret};
use super::{canonical, check_fields, check_url, unique};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::webhook::{WebhookEndpoint, WebhookEndpointStatus};
use mainstay_engine::{Command, CommandContext, UseCase};

/// Registers a URL that is informed of events from now on.
#[derive(Debug, Clone)]
pub struct CreateWebhookEndpoint {
    /// Where requests are sent.
    pub url: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The kinds of events, as patterns.
    pub kinds: Vec<String>,
}

impl UseCase for CreateWebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint.create";
    const ACCESS: Access = Access::permission(WebhookEndpoint::MANAGE);
    const RATE: Rate = Rate::per_minute(60);
    const SECRET_ANSWER: bool = true;
    type Output = NewWebhookSecret;

    fn validate(&self) -> Result<(), ValidationErrors> {
        check_fields((Some(&self.url), Some(&self.description), Some(&self.kinds)))
    }
}

impl Command for CreateWebhookEndpoint {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<NewWebhookSecret> {
        check_url(cx, &self.url)?;
        let now = cx.now();
        let endpoint = WebhookEndpoint {
            id: cx.make_id(),
            user_id: cx.user()?,
            description: canonical(&self.description),
            kinds: unique(&self.kinds),
            url: self.url,
            status: WebhookEndpointStatus::Enabled,
            failing_since: None,
            created_at: now,
            updated_at: now,
        };
        let permit = cx.rows().insert(WebhookEndpoint::CREATE, &endpoint).await?;
        let secret = renew_secret(cx, &permit, &endpoint).await?;
        cx.record(
            permit,
            DomainEvent::created("webhook-endpoint.created", &endpoint),
        );
        Ok(NewWebhookSecret { endpoint, secret })
    }
}
