//! Stories: what a transaction tells of itself, to the audit trail and to subscribers.

use crate::id::{EventId, UserId};
use crate::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// What happened, told once: it becomes an audit entry and an event.
#[derive(Debug, Clone)]
pub struct Story {
    /// The event's kind: `order.cancelled`.
    pub kind: &'static str,
    /// The audit trail's verb: `CREATE`, `UPDATE`, `DELETE`, or one of the noun's own.
    pub verb: &'static str,
    /// The changed facts before.
    pub before: Option<Value>,
    /// The changed facts after.
    pub after: Option<Value>,
    /// What subscribers are told, the whole thing as it is now, where that is neither what stands in `after` nor in
    /// `before`.
    pub payload: Option<Value>,
}

impl Story {
    /// Something new.
    pub fn created(kind: &'static str, new: &impl Serialize) -> Self {
        Self {
            kind,
            verb: "CREATE",
            before: None,
            after: Some(facts(new)),
            payload: None,
        }
    }

    /// Something changed; only what differs is kept.
    pub fn updated(kind: &'static str, old: &impl Serialize, new: &impl Serialize) -> Self {
        Self::acted(kind, "UPDATE", old, new)
    }

    /// Something was done to a thing, by a verb of the noun's own.
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

    /// Something is gone.
    pub fn deleted(kind: &'static str, old: &impl Serialize) -> Self {
        Self {
            kind,
            verb: "DELETE",
            before: Some(facts(old)),
            after: None,
            payload: None,
        }
    }

    /// Something happened that changed no fact anybody sees.
    pub fn noted(kind: &'static str, verb: &'static str, facts_of: &impl Serialize) -> Self {
        Self {
            kind,
            verb,
            before: None,
            after: Some(facts(facts_of)),
            payload: None,
        }
    }

    /// As it is written down: each part as JSON text, made once.
    pub fn written(&self) -> Written {
        let text = |part: &Option<Value>| part.as_ref().map(Value::to_string);
        let (before, after) = (text(&self.before), text(&self.after));
        let whole = text(&self.payload).or_else(|| after.clone());
        let payload = whole.or_else(|| before.clone());
        Written {
            payload: payload.unwrap_or_else(|| "null".to_owned()),
            before,
            after,
        }
    }
}

/// A story as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The changed facts before.
    pub before: Option<String>,
    /// The changed facts after.
    pub after: Option<String>,
    /// What subscribers are told.
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

/// An event on its way to subscribers.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name; what subscribers tell repetitions by.
    pub id: EventId,
    /// When it was told.
    pub at: Timestamp,
    /// What kind: `order.paid`.
    pub kind: String,
    /// The noun it is about.
    pub resource: String,
    /// Which one.
    pub resource_id: String,
    /// Who made it happen.
    pub user_id: Option<UserId>,
    /// The request it happened in.
    pub request_id: Option<String>,
    /// The thing as it was then, as JSON text: most subscribers need its name only.
    pub payload: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told() {
        let story = Story::updated(
            "x.updated",
            &json!({"a": 1, "b": 2, "c": 3}),
            &json!({"a": 1, "b": 5}),
        );
        assert_eq!(story.before, Some(json!({"b": 2, "c": 3})));
        assert_eq!(story.after, Some(json!({"b": 5, "c": null})));
        assert_eq!(story.written().payload, r#"{"a":1,"b":5}"#);
    }

    #[test]
    fn subscribers_are_told_of_the_whole_thing() {
        let thing = json!({"a": 1});
        for story in [
            Story::created("x.created", &thing),
            Story::deleted("x.deleted", &thing),
            Story::noted("x.noted", "NOTE", &thing),
            Story::acted("x.acted", "ACT", &json!({"a": 0}), &thing),
        ] {
            assert_eq!(story.written().payload, r#"{"a":1}"#, "{story:?}");
        }
        assert_eq!(Story::created("x.created", &thing).written().before, None);
    }
}
