//! The representation of webhook endpoints and of the deliveries to them.

use crate::tokens::expose_one;
use mainstay_domain::event::EventId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::webhook::{
    WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus, WebhookEndpoint, WebhookEndpointId,
    WebhookEndpointStatus,
};
use mainstay_engine::Secret;
use mainstay_services::webhook::NewWebhookSecret;
use serde::Serialize;
use utoipa::ToSchema;

/// A URL that is informed of events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookEndpoint)]
pub struct WebhookEndpointView {
    #[schema(value_type = String, format = Uuid)]
    id: WebhookEndpointId,
    url: String,
    description: String,
    /// The kinds of events that it is informed of.
    #[schema(example = json!(["order.*"]))]
    kinds: Vec<String>,
    #[schema(value_type = WebhookEndpointStatusShape)]
    status: WebhookEndpointStatus,
    /// Since when every delivery has failed.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    failing_since: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Whether an endpoint is informed of events.
#[derive(ToSchema)]
#[schema(as = WebhookEndpointStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum WebhookEndpointStatusShape {
    Enabled,
    Disabled,
}

/// An endpoint with its new secret, which its deliveries are signed with (Standard Webhooks).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewWebhookSecret)]
pub struct NewWebhookSecretView {
    #[serde(flatten)]
    endpoint: WebhookEndpointView,
    /// Shown this once; it cannot be read again.
    #[schema(value_type = String, pattern = "^whsec_[0-9A-Za-z+/=]{44}$")]
    #[serde(serialize_with = "expose_one")]
    secret: Secret<String>,
}

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub struct WebhookDeliveryView {
    #[schema(value_type = String, format = Uuid)]
    id: WebhookDeliveryId,
    #[schema(value_type = String, format = Uuid)]
    endpoint_id: WebhookEndpointId,
    /// `webhook-id` of each request.
    #[schema(value_type = String, format = Uuid)]
    event_id: EventId,
    #[schema(example = "order.paid")]
    kind: String,
    #[schema(value_type = WebhookDeliveryStatusShape)]
    status: WebhookDeliveryStatus,
    attempts: i64,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    next_at: Option<Timestamp>,
    /// The status of the last answer.
    #[schema(required)]
    response_status: Option<i64>,
    /// The beginning of the last answer's body.
    #[schema(required)]
    response: Option<String>,
    /// Why the last attempt got no answer.
    #[schema(required)]
    error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    #[schema(required)]
    duration_ms: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    finished_at: Option<Timestamp>,
}

/// What became of a delivery.
#[derive(ToSchema)]
#[schema(as = WebhookDeliveryStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum WebhookDeliveryStatusShape {
    Pending,
    Delivered,
    Dead,
}

impl From<WebhookEndpoint> for WebhookEndpointView {
    fn from(endpoint: WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            kinds: endpoint.kinds,
            status: endpoint.status,
            failing_since: endpoint.failing_since,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

impl From<NewWebhookSecret> for NewWebhookSecretView {
    fn from(new: NewWebhookSecret) -> Self {
        Self {
            endpoint: new.endpoint.into(),
            secret: new.secret,
        }
    }
}

impl From<WebhookDelivery> for WebhookDeliveryView {
    fn from(delivery: WebhookDelivery) -> Self {
        Self {
            id: delivery.id,
            endpoint_id: delivery.endpoint_id,
            event_id: delivery.event_id,
            kind: delivery.kind,
            status: delivery.status,
            attempts: delivery.attempts,
            next_at: delivery.next_at,
            response_status: delivery.response_status,
            response: delivery.response,
            error: delivery.error,
            duration_ms: delivery.duration_ms,
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}
