//! From an event to the deliveries of it.

use crate::repositories::ShopRepositories;
use futures_util::future::BoxFuture;
use mainstay_domain::access::{Access, Caller, SystemCaller, scope};
use mainstay_domain::event::{EventId, OutboxEvent};
use mainstay_domain::time::Timestamp;
use mainstay_domain::webhook::{WebhookDelivery, WebhookEndpoint};
use mainstay_domain::{Error, Result};
use mainstay_engine::job::JobSpec;
use mainstay_engine::outbox::EventSubscriber;
use mainstay_engine::{BackgroundJob, Command, CommandContext, UseCase};
use mainstay_platform::database::Tx;
use mainstay_repositories::Webhooks;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Finds out, in the relay's transaction, which events an endpoint wants.
#[derive(Debug, Default)]
pub struct WebhookSubscriber;

impl EventSubscriber for WebhookSubscriber {
    fn jobs<'t>(
        &'t self,
        tx: &'t mut Tx,
        events: &'t [OutboxEvent],
    ) -> BoxFuture<'t, Result<Vec<(usize, JobSpec)>>> {
        Box::pin(async move {
            if events.is_empty() {
                return Ok(Vec::new());
            }
            let all = scope::<WebhookEndpoint>(&Caller::System(SystemCaller::RELAY));
            let endpoints = Webhooks::new(tx).enabled(&all).await?;
            let wanted = events.iter().enumerate().filter(|(_, event)| {
                let kind = event.kind.as_str();
                endpoints.iter().any(|endpoint| endpoint.wants(kind))
            });
            let job = |(at, event): (usize, &OutboxEvent)| Ok((at, JobSpec::of(&DispatchEvent::of(event))?));
            wanted.map(job).collect()
        })
    }
}

/// Stores a delivery of an event for each endpoint that wants it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DispatchEvent {
    id: EventId,
    kind: String,
    at: Timestamp,
    payload: String,
}

impl DispatchEvent {
    fn of(event: &OutboxEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind.clone(),
            at: event.at,
            payload: event.payload.to_string(),
        }
    }
}

impl UseCase for DispatchEvent {
    const NAME: &'static str = "webhook.dispatch";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for DispatchEvent {
    const QUEUE: &'static str = "webhooks";
}

impl Command for DispatchEvent {
    /// A delivery of every delivery would never end.
    const RECORDS_NO_EVENT: bool = true;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let (all, deliveries) = (cx.scope::<WebhookEndpoint>(), cx.scope::<WebhookDelivery>());
        let endpoints = cx.webhooks().enabled(&all).await?;
        let now = cx.now();
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.wants(&self.kind)) {
            let body = body_of(&self.kind, self.at, &self.payload)?;
            let event = (self.id, self.kind.as_str());
            let delivery = WebhookDelivery::new(cx.make_id(), endpoint, event, body, now);
            if cx.webhooks().is_delivered_to(&deliveries, &delivery).await? {
                continue;
            }
            let permit = cx.permit(WebhookDelivery::CREATE, &delivery)?;
            cx.webhooks().insert(&permit, &delivery).await?;
        }
        Ok(())
    }
}

/// The body of the requests: `{"type", "timestamp", "data"}`.
pub(super) fn body_of(kind: &str, at: Timestamp, payload: &str) -> Result<String> {
    #[derive(Serialize)]
    struct Body<'b> {
        #[serde(rename = "type")]
        kind: &'b str,
        timestamp: Timestamp,
        data: &'b RawValue,
    }
    let data = serde_json::from_str(payload).map_err(Error::internal)?;
    let body = Body {
        kind,
        timestamp: at,
        data,
    };
    serde_json::to_string(&body).map_err(Error::internal)
}
