//! Security events: denied and suspicious attempts.

use crate::access::{Permission, Policy, Resource, Visibility};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;

/// Names a security event.
pub type SecurityEventId = Id<SecurityEvent>;

string_enum! {
    /// The kind of an attempt.
    pub enum SecurityEventKind {
        /// No credential, or an invalid one.
        UnauthorizedAccess = "unauthorized_access",
        /// Signed in, but a permission or role was missing.
        InsufficientPermissions = "insufficient_permissions",
        /// Signed in, but the resource belongs to another user.
        ResourceAccessDenied = "resource_access_denied",
        /// A wrong password.
        LoginFailed = "login_failed",
        /// A wrong code of a second factor.
        MfaFailed = "mfa_failed",
        /// A refresh token that was already used.
        RefreshTokenReused = "refresh_token_reused",
        /// An API key from a network that it is not accepted from.
        ApiKeyForeignNetwork = "api_key_foreign_network",
        /// A refresh token that another client used than the one it was issued to, before its successor was used.
        RefreshTokenShared = "refresh_token_shared",
        /// The first sign-in to an account from a device.
        NewDevice = "new_device",
        /// A passkey whose signature counter did not grow since its last use: there may be a copy of it.
        PasskeyCopied = "passkey_copied",
        /// An administrator removed the second factors of an account.
        MfaReset = "mfa_reset",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// Too many failed tries at an account or from a network: the first one that was refused.
        LockedOut = "locked_out",
    }
}

/// A counter of attempts of one kind by one caller on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Unique, and ordered by creation time.
    pub id: SecurityEventId,
    /// What was attempted, as in [`SecurityEventKind::as_str`].
    pub kind: String,
    /// The signed-in user, or the account that a failed sign-in was for; `None` where neither is known.
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

impl Resource for SecurityEvent {
    const NAME: &'static str = "security-event";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::READ_AUDIT)],
        actions: &[],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}
