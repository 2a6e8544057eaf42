//! The authenticated (or anonymous) caller of a use case.

use super::{PermissionSet, RoleName};
use crate::api_key::ApiKeyId;
use crate::email::Email;
use crate::error::{Denied, Error, Result};
use crate::id::{SessionId, UserId};
use std::sync::Arc;

/// The caller of a use case, as established by authentication.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Not signed in.
    Anonymous,
    /// A signed-in user.
    User(Arc<Principal>),
    /// Mainstay itself; the name is recorded in the audit trail.
    System(SystemCaller),
}

/// A signed-in user, with their permissions at this instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's account.
    pub id: UserId,
    /// The account's e-mail address.
    pub email: Email,
    /// The account's role; see [`Principal::permissions`] for what it permits, and [`Principal::has_role`] for whether
    /// the caller may act in it.
    pub role: RoleName,
    /// The role's permissions and those granted to the account; for an API key, those among its scopes.
    pub permissions: PermissionSet,
    /// What the caller presented.
    pub credential: Credential,
    /// Whether the role requires a second factor that the account does not have. The caller has no permissions then, and
    /// may call only what [`Access::enrolling`](super::Access::enrolling) admits and what anonymous callers may.
    pub limited: bool,
}

/// The credential that a signed-in caller presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access token of this session.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
}

impl Principal {
    /// Whether the caller acts as a member of the role. An API key never does: it permits what its scopes name, and a
    /// role permits more.
    pub fn has_role(&self, role: &str) -> bool {
        matches!(self.credential, Credential::Session(_)) && self.role.as_str() == role
    }

    /// The caller's session.
    ///
    /// # Errors
    /// `FORBIDDEN` for an API key, which has none.
    pub fn session(&self) -> Result<SessionId> {
        match self.credential {
            Credential::Session(session) => Ok(session),
            Credential::ApiKey(_) => Err(Error::Denied(Denied::Session)),
        }
    }
}

/// A part of Mainstay that acts on its own behalf, not for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemCaller(&'static str);

impl SystemCaller {
    /// The worker that runs jobs.
    pub const WORKER: Self = Self("worker");
    /// The relay that dispatches events to subscribers.
    pub const RELAY: Self = Self("relay");
    /// The sealer of the audit chain.
    pub const SEALER: Self = Self("sealer");
    /// The sweeper, which expires unpaid reservations and deletes old records.
    pub const SWEEPER: Self = Self("sweeper");
    /// An operator at the command line of the server.
    pub const OPERATOR: Self = Self("operator");
    /// The sign-in use case, before the caller is known.
    pub const SIGN_IN: Self = Self("sign-in");
    /// The first start: demo data, first administrator.
    pub const SETUP: Self = Self("setup");

    /// The name in the audit trail: lower case, such as `worker`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl Caller {
    /// Returns the signed-in user; `None` for anonymous and system callers.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::User(principal) => Some(principal),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// Returns the signed-in user's account; `None` for anonymous and system callers.
    pub fn user_id(&self) -> Option<UserId> {
        self.principal().map(|principal| principal.id)
    }
}
