//! The representation of the audit trail.

use mainstay_domain::audit::{Actor, AuditEntry};
use mainstay_domain::id::{AuditId, UserId};
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An action on a resource: who performed it, when, and what changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub struct AuditView {
    #[schema(value_type = String, format = Uuid)]
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = Option<String>, format = Uuid, required)]
    user_id: Option<UserId>,
    #[schema(value_type = ActorShape)]
    actor: Actor,
    /// `CREATE`, `UPDATE`, `DELETE` or a verb.
    action: String,
    /// The name of the resource, such as `order`.
    resource: String,
    /// The id of the resource.
    resource_id: String,
    /// The changed fields before the action.
    #[schema(required)]
    before: Option<Value>,
    /// The changed fields after the action.
    #[schema(required)]
    after: Option<Value>,
    #[schema(required)]
    ip: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(required)]
    request_id: Option<String>,
}

/// Who performed the action.
#[derive(ToSchema)]
#[schema(as = Actor, rename_all = "camelCase")]
#[expect(dead_code, reason = "only its shape is shown")]
pub(crate) enum ActorShape {
    User,
    ApiKey,
    System,
    /// The entry was changed in the database.
    Unknown,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        // The stored text is JSON; if it is not, it is returned as the text that it is.
        let facts = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self {
            id: entry.id,
            at: entry.at,
            user_id: entry.user_id,
            actor: entry.actor,
            action: entry.action,
            resource: entry.resource,
            resource_id: entry.resource_id,
            before: entry.before.map(facts),
            after: entry.after.map(facts),
            ip: entry.ip,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
        }
    }
}
