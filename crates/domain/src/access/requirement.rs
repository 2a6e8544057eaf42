//! What every use case declares: which callers may call it, and how often.

use super::{Caller, Permission};
use crate::error::{Denied, Error, Result, Unauthenticated};
use std::fmt;
use std::time::Duration;

/// Which callers may call a use case at all. The policy decides what they may do to which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    need: Need,
    /// Whether it admits callers who have to set up a second factor before anything else.
    admits_limited: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Anyone,
    SignedIn,
    Session,
    Permission(Permission),
    Role(&'static str),
    System,
}

impl Access {
    const fn of(need: Need) -> Self {
        Self {
            need,
            admits_limited: false,
        }
    }

    /// Any caller, signed in or not. These use cases are listed in a reviewed file:
    /// `contracts/public-operations.txt`.
    pub const fn anyone() -> Self {
        Self::of(Need::Anyone)
    }

    /// Any signed-in user, also a program with an API key of theirs.
    pub const fn signed_in() -> Self {
        Self::of(Need::SignedIn)
    }

    /// Any user who signed in, and no API key: what concerns the security of the caller's own account, such as its
    /// password, its factors, its sessions and its keys. A stolen key must not lead to more than it permits.
    pub const fn session() -> Self {
        Self::of(Need::Session)
    }

    /// The same, also for a user who has to set up a second factor before anything else, because their role requires one:
    /// for the enrolment of factors, and for what no user is kept from, such as signing out.
    pub const fn enrolling() -> Self {
        Self::session().also_enrolling()
    }

    /// The same, also for a caller whose account has to set up a second factor before anything else.
    #[must_use]
    pub const fn also_enrolling(self) -> Self {
        Self {
            admits_limited: true,
            ..self
        }
    }

    /// Holders of a permission.
    pub const fn permission(permission: Permission) -> Self {
        Self::of(Need::Permission(permission))
    }

    /// Members of a role.
    pub const fn role(role: &'static str) -> Self {
        Self::of(Need::Role(role))
    }

    /// Mainstay itself only; no interface exposes it.
    pub const fn system() -> Self {
        Self::of(Need::System)
    }

    /// True when the caller need not sign in.
    pub const fn is_public(self) -> bool {
        matches!(self.need, Need::Anyone)
    }

    /// Returns `Ok` when the caller may call the use case. System callers may call every use case.
    ///
    /// # Errors
    /// Not signed in (401), or a permission, a role or a second factor is missing (403).
    pub fn admit(self, caller: &Caller) -> Result<()> {
        let principal = match (self.need, caller) {
            (Need::Anyone, _) | (_, Caller::System(_)) => return Ok(()),
            (_, Caller::Anonymous) => return Err(Error::Unauthenticated(Unauthenticated::Missing)),
            (_, Caller::User(principal)) => principal,
        };
        if principal.limited && !self.admits_limited {
            return Err(Error::Denied(Denied::FactorRequired));
        }
        match self.need {
            Need::Permission(permission) if !principal.permissions.has(permission) => {
                Err(Error::Denied(Denied::Permission(permission)))
            }
            Need::Role(role) if !principal.has_role(role) => Err(Error::Denied(Denied::Role)),
            Need::Session => principal.session().map(drop),
            Need::System => Err(Error::Denied(Denied::Role)),
            Need::Anyone | Need::SignedIn | Need::Permission(_) | Need::Role(_) => Ok(()),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.need {
            Need::Anyone => f.write_str("anyone"),
            Need::SignedIn => f.write_str("signed in"),
            Need::Session => f.write_str("session"),
            Need::Permission(permission) => write!(f, "{permission}"),
            Need::Role(role) => write!(f, "role {role}"),
            Need::System => f.write_str("system"),
        }?;
        match self.admits_limited {
            true => f.write_str(", enrolling"),
            false => Ok(()),
        }
    }
}

/// How often one caller may call a use case: counted by account when signed in, by address otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Maximum number of calls per period; all of them may come at once.
    pub count: u32,
    /// Length of the period.
    pub period: Duration,
}

impl Rate {
    /// `count` calls a second.
    pub const fn per_second(count: u32) -> Self {
        Self {
            count,
            period: Duration::from_secs(1),
        }
    }

    /// `count` calls a minute.
    pub const fn per_minute(count: u32) -> Self {
        Self {
            count,
            period: Duration::from_mins(1),
        }
    }

    /// `count` calls an hour.
    pub const fn per_hour(count: u32) -> Self {
        Self {
            count,
            period: Duration::from_hours(1),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.count, self.period.as_secs())
    }
}
