//! The representation of sessions.

use mainstay_domain::device;
use mainstay_domain::session::{SessionId, SignInMethod};
use mainstay_domain::time::Timestamp;
use mainstay_services::account::OwnSession;
use serde::Serialize;
use utoipa::ToSchema;

/// One sign-in on one device, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionView {
    #[schema(value_type = String, format = Uuid)]
    id: SessionId,
    /// A name for people, derived from the client's `User-Agent`: `Firefox on Linux`; null without that header.
    #[schema(required)]
    device: Option<String>,
    /// The proof that it was opened with: `password`, `passkey`, …
    #[schema(value_type = String)]
    method: SignInMethod,
    /// The IP address of the sign-in or of the last refresh.
    #[schema(required)]
    ip: Option<String>,
    /// The `User-Agent` header of the same request.
    #[schema(required)]
    user_agent: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
    /// Whether another client than the one that a refresh token was issued to has used it, as a thief with a copy would.
    flagged: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// When it ends if it is not refreshed before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<OwnSession> for SessionView {
    fn from(OwnSession { session, is_current }: OwnSession) -> Self {
        Self {
            id: session.id,
            device: session.user_agent.as_deref().map(device::name),
            method: session.method,
            ip: session.ip,
            user_agent: session.user_agent,
            current: is_current,
            flagged: session.flagged_at.is_some(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}
