//! Security events: denied and suspicious attempts.

use crate::id::{SecurityEventId, UserId};
use crate::time::Timestamp;

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityEventKind {
    /// Nobody signed in, or with a credential that is no good.
    UnauthorizedAccess,
    /// Signed in, and a permission or role was missing.
    InsufficientPermissions,
    /// Signed in, and the thing was somebody else's.
    ResourceAccessDenied,
    /// A wrong password.
    LoginFailed,
    /// A refresh token that was used before.
    RefreshTokenReused,
    /// Too many requests.
    RateLimited,
}

impl SecurityEventKind {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnauthorizedAccess => "unauthorized_access",
            Self::InsufficientPermissions => "insufficient_permissions",
            Self::ResourceAccessDenied => "resource_access_denied",
            Self::LoginFailed => "login_failed",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::RateLimited => "rate_limited",
        }
    }
}

/// Attempts of one kind by one caller on one thing, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its name.
    pub id: SecurityEventId,
    /// What was tried.
    pub kind: String,
    /// By whom, when they had signed in.
    pub user_id: Option<UserId>,
    /// From where.
    pub ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// The use case.
    pub operation: String,
    /// The noun.
    pub resource: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// How often.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}
