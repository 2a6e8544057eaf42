//! Who is asking.

use super::{PermissionSet, RoleName};
use crate::email::Email;
use crate::id::{SessionId, UserId};
use std::sync::Arc;

/// Who is asking, as far as anybody knows.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Nobody signed in.
    Anonymous,
    /// A person.
    User(Arc<Principal>),
    /// Mainstay itself; the name stands in the audit trail.
    System(SystemCaller),
}

/// A person who signed in, with what they may do at this instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Their account.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// Their role.
    pub role: RoleName,
    /// The role's permissions and their own.
    pub permissions: PermissionSet,
    /// The sign-in that the credential belongs to.
    pub session: SessionId,
}

/// A part of Mainstay that acts on nobody's behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemCaller(&'static str);

impl SystemCaller {
    /// The worker that runs jobs.
    pub const WORKER: Self = Self("worker");
    /// The relay that hands events to subscribers.
    pub const RELAY: Self = Self("relay");
    /// The sealer of the audit chain.
    pub const SEALER: Self = Self("sealer");
    /// The keeper of deadlines: expired reservations and old records.
    pub const SWEEPER: Self = Self("sweeper");
    /// Somebody at the command line of the server.
    pub const OPERATOR: Self = Self("operator");
    /// The sign-in itself, before anybody knows who is asking.
    pub const SIGN_IN: Self = Self("sign-in");
    /// The first start: demo data, first administrator.
    pub const SETUP: Self = Self("setup");

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl Caller {
    /// The person, when there is one.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::User(principal) => Some(principal),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// The person's account, when there is one.
    pub fn user_id(&self) -> Option<UserId> {
        self.principal().map(|principal| principal.id)
    }
}
