//! Security events: denied and suspicious attempts.

use crate::id::{Id, UserId};
use crate::time::Timestamp;

/// Names a security event.
pub type SecurityEventId = Id<SecurityEvent>;

/// The kind of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityEventKind {
    /// No credential, or an invalid one.
    UnauthorizedAccess,
    /// Signed in, but a permission or role was missing.
    InsufficientPermissions,
    /// Signed in, but the resource belongs to another user.
    ResourceAccessDenied,
    /// A wrong password.
    LoginFailed,
    /// A refresh token that was already used.
    RefreshTokenReused,
    /// Too many requests.
    RateLimited,
}

impl SecurityEventKind {
    /// As stored and as clients receive it.
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

/// A counter of attempts of one kind by one caller on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Unique, and ordered by creation time.
    pub id: SecurityEventId,
    /// What was attempted, as in [`SecurityEventKind::as_str`].
    pub kind: String,
    /// The signed-in user; `None` for anonymous callers.
    pub user_id: Option<UserId>,
    /// The client's IP address.
    pub ip: Option<String>,
    /// The client's `User-Agent` header.
    pub user_agent: Option<String>,
    /// The name of the use case that was called, such as `account.login`.
    pub operation: String,
    /// The name of the resource, such as `order`.
    pub resource: Option<String>,
    /// The id of the resource.
    pub resource_id: Option<String>,
    /// Number of attempts.
    pub count: i64,
    /// Time of the first attempt.
    pub first_at: Timestamp,
    /// Time of the last attempt.
    pub last_at: Timestamp,
}
