//! Deliveries of events to endpoints.

use super::endpoint::{WebhookEndpoint, WebhookEndpointId};
use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::event::EventId;
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Names a delivery.
pub type WebhookDeliveryId = Id<WebhookDelivery>;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses before each further attempt, as Standard Webhooks recommends. After the last one, the delivery is dead.
pub const DELIVERY_DELAYS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(5 * HOUR),
    Duration::from_secs(10 * HOUR),
    Duration::from_secs(14 * HOUR),
];

string_enum! {
    /// What became of a delivery.
    pub enum WebhookDeliveryStatus {
        /// It is to be sent, for the first time or again.
        Pending = "pending",
        /// The endpoint answered 2xx.
        Delivered = "delivered",
        /// It is not sent again unless a client replays it.
        Dead = "dead",
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Unique, and ordered by creation time.
    pub id: WebhookDeliveryId,
    /// Where it goes.
    pub endpoint_id: WebhookEndpointId,
    /// The event; `webhook-id` of each request.
    pub event_id: EventId,
    /// The event's kind.
    pub kind: String,
    /// What became of it.
    pub status: WebhookDeliveryStatus,
    /// How many attempts were begun.
    pub attempts: i64,
    /// When the next attempt is due; while one is under way, when it counts as lost.
    pub next_at: Option<Timestamp>,
    /// The status of the last answer.
    pub response_status: Option<i64>,
    /// The beginning of the last answer's body: at most 1 KiB.
    pub response: Option<String>,
    /// Why the last attempt got no answer.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The body of each request: JSON.
    #[serde(skip)]
    pub body: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was delivered or was dead.
    pub finished_at: Option<Timestamp>,
}

impl WebhookDelivery {
    /// How long a finished delivery is kept.
    pub const RETENTION: Duration = Duration::from_hours(30 * 24);
    /// After which time an attempt counts as lost.
    pub const LEASE: Duration = Duration::from_mins(1);

    /// A delivery that is due at once.
    pub fn new(
        id: WebhookDeliveryId,
        endpoint: &WebhookEndpoint,
        (event_id, kind): (EventId, &str),
        body: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            endpoint_id: endpoint.id,
            event_id,
            kind: kind.to_owned(),
            status: WebhookDeliveryStatus::Pending,
            attempts: 0,
            next_at: Some(now),
            response_status: None,
            response: None,
            error: None,
            duration_ms: None,
            body,
            created_at: now,
            finished_at: None,
        }
    }

    /// The delivery while an attempt is under way.
    #[must_use]
    pub fn claimed(self, now: Timestamp) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            next_at: Some(now.after(Self::LEASE)),
            ..self
        }
    }

    /// The delivery after an attempt that succeeded.
    #[must_use]
    pub fn delivered(self, now: Timestamp) -> Self {
        Self {
            status: WebhookDeliveryStatus::Delivered,
            next_at: None,
            finished_at: Some(now),
            ..self
        }
    }

    /// The delivery after an attempt that failed: due again later, or dead.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        let tried = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        match DELIVERY_DELAYS.get(tried.saturating_sub(1)) {
            Some(delay) => Self {
                next_at: Some(now.after(*delay)),
                ..self
            },
            None => Self {
                status: WebhookDeliveryStatus::Dead,
                next_at: None,
                finished_at: Some(now),
                ..self
            },
        }
    }

    /// The delivery, due at once with all its attempts.
    #[must_use]
    pub fn replayed(self, now: Timestamp) -> Self {
        Self {
            status: WebhookDeliveryStatus::Pending,
            attempts: 0,
            next_at: Some(now),
            finished_at: None,
            ..self
        }
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl WebhookDelivery {
    pub const CREATE: Action = Action::new("create");
    pub const TEST: Action = Action::new("test");
    /// Notes an attempt and what became of it.
    pub const SEND: Action = Action::new("send");
    pub const REPLAY: Action = Action::new("replay");
    /// Removes deliveries whose retention is over.
    pub const PRUNE: Action = Action::new("prune");
}

impl Resource for WebhookDelivery {
    const NAME: &'static str = "webhook-delivery";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(WebhookEndpoint::MANAGE)],
        actions: &[
            (Self::CREATE, Rule::System),
            (Self::TEST, Rule::Holder(WebhookEndpoint::MANAGE)),
            (Self::SEND, Rule::System),
            (Self::REPLAY, Rule::Holder(WebhookEndpoint::MANAGE)),
            (Self::PRUNE, Rule::System),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_delivery_is_tried_eight_times_with_growing_pauses() {
        let mut delivery = WebhookDelivery {
            id: WebhookDeliveryId::from_uuid(Uuid::from_u128(1)),
            endpoint_id: WebhookEndpointId::from_uuid(Uuid::from_u128(2)),
            event_id: EventId::from_uuid(Uuid::from_u128(3)),
            kind: "order.paid".into(),
            status: WebhookDeliveryStatus::Pending,
            attempts: 0,
            next_at: None,
            response_status: None,
            response: None,
            error: None,
            duration_ms: None,
            body: String::new(),
            created_at: Timestamp::from_seconds(0),
            finished_at: None,
        };
        let now = Timestamp::from_seconds(100);
        for delay in DELIVERY_DELAYS {
            delivery = delivery.claimed(now).failed(now);
            assert_eq!(delivery.next_at, Some(now.after(delay)));
        }
        let dead = delivery.claimed(now).failed(now);
        assert_eq!(
            (dead.status, dead.attempts, dead.next_at),
            (WebhookDeliveryStatus::Dead, 8, None)
        );
        let again = dead.replayed(now);
        assert_eq!(
            (again.status, again.attempts, again.next_at),
            (WebhookDeliveryStatus::Pending, 0, Some(now))
        );
        assert_eq!(
            again.claimed(now).delivered(now).status,
            WebhookDeliveryStatus::Delivered
        );
    }
}
