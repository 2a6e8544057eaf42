//! Domain events: what a transaction records for the audit trail and for subscribers.

use crate::id::{Id, UserId};
use crate::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A domain event, recorded once by a transaction: it becomes an audit entry and an outbox event.
#[derive(Debug, Clone)]
pub struct DomainEvent {
    /// The event's kind: `order.cancelled`.
    pub kind: &'static str,
    /// The audit trail's verb: `CREATE`, `UPDATE`, `DELETE`, or one of the resource's own.
    pub verb: &'static str,
    /// The changed fields before.
    pub before: Option<Value>,
    /// The changed fields after.
    pub after: Option<Value>,
    /// What subscribers receive: the whole resource as it is now, where that is neither `after` nor `before`.
    pub payload: Option<Value>,
}

impl DomainEvent {
    /// A resource was created.
    pub fn created(kind: &'static str, new: &impl Serialize) -> Self {
        Self {
            kind,
            verb: "CREATE",
            before: None,
            after: Some(facts(new)),
            payload: None,
        }
    }

    /// A resource was changed; only the fields that differ are recorded.
    pub fn updated(kind: &'static str, old: &impl Serialize, new: &impl Serialize) -> Self {
        Self::acted(kind, "UPDATE", old, new)
    }

    /// An action other than an update was performed on a resource; `verb` is one of the resource's own.
    pub fn acted(kind: &'static str, verb: &'static str, old: &impl Serialize, new: &impl Serialize) -> Self {
        let (old, new) = (facts(old), facts(new));
        let (before, after) = differing(&old, &new);
        Self {
            kind,
            verb,
            before: Some(before),
            after: Some(after),
            payload: Some(new),
        }
    }

    /// A resource was deleted.
    pub fn deleted(kind: &'static str, old: &impl Serialize) -> Self {
        Self {
            kind,
            verb: "DELETE",
            before: Some(facts(old)),
            after: None,
            payload: None,
        }
    }

    /// Something happened that changed no visible field.
    pub fn noted(kind: &'static str, verb: &'static str, facts_of: &impl Serialize) -> Self {
        Self {
            kind,
            verb,
            before: None,
            after: Some(facts(facts_of)),
            payload: None,
        }
    }

    /// The event as it is stored: each part as JSON text, serialised once.
    pub fn written(&self) -> SerialisedEvent {
        let text = |part: &Option<Value>| part.as_ref().map(Value::to_string);
        let (before, after) = (text(&self.before), text(&self.after));
        let whole = text(&self.payload).or_else(|| after.clone());
        let payload = whole.or_else(|| before.clone());
        SerialisedEvent {
            payload: payload.unwrap_or_else(|| "null".to_owned()),
            before,
            after,
        }
    }
}

/// A domain event as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialisedEvent {
    /// The changed fields before.
    pub before: Option<String>,
    /// The changed fields after.
    pub after: Option<String>,
    /// What subscribers receive.
    pub payload: String,
}

fn facts(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

fn differing(old: &Value, new: &Value) -> (Value, Value) {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return (old.clone(), new.clone());
    };
    let (mut before, mut after) = (Map::new(), Map::new());
    for (key, value) in new {
        let was = old.get(key).unwrap_or(&Value::Null);
        if was != value {
            before.insert(key.clone(), was.clone());
            after.insert(key.clone(), value.clone());
        }
    }
    for (key, was) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        before.insert(key.clone(), was.clone());
        after.insert(key.clone(), Value::Null);
    }
    (Value::Object(before), Value::Object(after))
}

/// Names an event of the outbox.
pub type EventId = Id<OutboxEvent>;

/// An event of the outbox, on its way to subscribers.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEvent {
    /// Unique; subscribers recognise repeated deliveries by it.
    pub id: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// The event's kind: `order.paid`.
    pub kind: String,
    /// The name of the resource that it is about.
    pub resource: String,
    /// The id of the resource that it is about.
    pub resource_id: String,
    /// The account that owns the resource, so that an interface delivers the event to it without reading the resource;
    /// `None` when the resource has no owner.
    pub owner: Option<UserId>,
    /// The user that caused it; `None` when the system did.
    pub user_id: Option<UserId>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The resource at that time, as JSON text and not parsed: most subscribers need only its id.
    pub payload: String,
}

/// A relayed event and its position among all relayed events.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionedEvent {
    /// Grows with each event that is relayed, and has gaps.
    pub position: i64,
    /// The event.
    pub event: OutboxEvent,
}

/// How far the relay is, and how far back relayed events are retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPositions {
    /// Names the database: positions of another one cannot be compared with these.
    pub epoch: Uuid,
    /// The position of the last relayed event; 0 before the first.
    pub last: i64,
    /// The position of the last event that is no longer retained; 0 before the first.
    pub pruned: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_update_records_only_the_fields_that_differ() {
        let event = DomainEvent::updated(
            "x.updated",
            &json!({"a": 1, "b": 2, "c": 3}),
            &json!({"a": 1, "b": 5}),
        );
        assert_eq!(event.before, Some(json!({"b": 2, "c": 3})));
        assert_eq!(event.after, Some(json!({"b": 5, "c": null})));
        assert_eq!(event.written().payload, r#"{"a":1,"b":5}"#);
    }

    #[test]
    fn subscribers_receive_the_whole_resource() {
        let resource = json!({"a": 1});
        for event in [
            DomainEvent::created("x.created", &resource),
            DomainEvent::deleted("x.deleted", &resource),
            DomainEvent::noted("x.noted", "NOTE", &resource),
            DomainEvent::acted("x.acted", "ACT", &json!({"a": 0}), &resource),
        ] {
            assert_eq!(event.written().payload, r#"{"a":1}"#, "{event:?}");
        }
        assert_eq!(
            DomainEvent::created("x.created", &resource).written().before,
            None
        );
    }
}
