//! Outgoing webhooks: endpoints of others that are informed of events, and the deliveries to them (Standard Webhooks).

mod delivery;
mod endpoint;
mod pattern;

pub use delivery::{DELIVERY_DELAYS, WebhookDelivery, WebhookDeliveryId, WebhookDeliveryStatus};
pub use endpoint::{WebhookEndpoint, WebhookEndpointId, WebhookEndpointStatus};
pub use pattern::KindPattern;
