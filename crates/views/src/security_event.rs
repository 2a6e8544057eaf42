//! The representation of security events.

use mainstay_domain::id::{SecurityEventId, UserId};
use mainstay_domain::security::SecurityEvent;
use mainstay_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Denied or suspicious attempts of one kind by one caller, counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecurityEvent)]
pub struct SecurityEventView {
    #[schema(value_type = String, format = Uuid)]
    id: SecurityEventId,
    #[schema(example = "insufficient_permissions")]
    r#type: String,
    #[schema(value_type = Option<String>, format = Uuid, required)]
    user_id: Option<UserId>,
    #[schema(required)]
    ip: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    /// The use case that was called.
    operation: String,
    #[schema(required)]
    resource: Option<String>,
    #[schema(required)]
    resource_id: Option<String>,
    count: i64,
    #[schema(value_type = String, format = DateTime)]
    first_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

impl From<SecurityEvent> for SecurityEventView {
    fn from(event: SecurityEvent) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            user_id: event.user_id,
            ip: event.ip,
            user_agent: event.user_agent,
            operation: event.operation,
            resource: event.resource,
            resource_id: event.resource_id,
            count: event.count,
            first_at: event.first_at,
            last_at: event.last_at,
        }
    }
}
