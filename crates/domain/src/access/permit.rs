//! Leave to change one row.

use super::Caller;
use super::policy::{Guarded, Rule};
use crate::error::{Denied, Error, Result, Unauthenticated};
use crate::id::{Id, UserId};
use serde::Serialize;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;

/// Something that is done to a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Action(&'static str);

#[expect(missing_docs, reason = "each is its own name")]
impl Action {
    pub const CREATE: Self = Self("create");
    pub const UPDATE: Self = Self("update");
    pub const DELETE: Self = Self("delete");
    pub const STOCK: Self = Self("stock");
    pub const PLACE: Self = Self("place");
    pub const PAY: Self = Self("pay");
    pub const SETTLE: Self = Self("settle");
    pub const CANCEL: Self = Self("cancel");
    pub const EXPIRE: Self = Self("expire");
    pub const FULFIL: Self = Self("fulfil");
    pub const SHIP: Self = Self("ship");
    pub const DELIVER: Self = Self("deliver");
    pub const REFUND: Self = Self("refund");
    pub const REGISTER: Self = Self("register");
    pub const LOGIN: Self = Self("login");
    pub const REFRESH: Self = Self("refresh");
    pub const LOGOUT: Self = Self("logout");
    pub const SET_ROLE: Self = Self("set-role");
    pub const GRANT: Self = Self("grant");
    pub const REVOKE: Self = Self("revoke");
    pub const RETRY: Self = Self("retry");
    pub const ROTATE: Self = Self("rotate");
    pub const ACCEPT: Self = Self("accept");

    /// Declares an action of an extending noun.
    pub const fn declare(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Leave to do one thing to one row. Writers ask for it and refuse another row than the one it names.
#[derive(Debug)]
pub struct Permit<T> {
    id: Uuid,
    action: Action,
    noun: PhantomData<fn() -> T>,
}

impl<T: Guarded> Permit<T> {
    /// The row it names.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What may be done to it.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Holds it against the row that is about to be written.
    ///
    /// # Errors
    /// A fault of ours when it names another row.
    pub fn covers(&self, row: &T) -> Result<()> {
        if self.id == row.id().uuid() {
            Ok(())
        } else {
            Err(Error::bug(format!(
                "a permit for {} {} was shown for {}",
                T::NOUN,
                self.id,
                row.id().uuid()
            )))
        }
    }
}

/// Asks the policy whether the caller may do this to that.
///
/// # Errors
/// Not signed in (401), or not theirs and no permission (403). An action that the policy does not name
/// is denied to everybody but the system.
pub fn permit<T: Guarded>(caller: &Caller, action: Action, row: &T) -> Result<Permit<T>> {
    permit_new(caller, action, row.id(), row.owner())
}

/// The same for a row that is about to be made, whose name and owner are known before the rest of it.
///
/// # Errors
/// As [`permit`].
pub fn permit_new<T: Guarded>(
    caller: &Caller,
    action: Action,
    id: T::Id,
    owner: Option<UserId>,
) -> Result<Permit<T>> {
    let granted = Permit {
        id: id.uuid(),
        action,
        noun: PhantomData,
    };
    if matches!(caller, Caller::System(_)) {
        return Ok(granted);
    }
    let rule = T::POLICY
        .acts
        .iter()
        .find(|(named, _)| *named == action)
        .map(|(_, rule)| *rule);
    if rule == Some(Rule::Anyone) {
        return Ok(granted);
    }
    let Some(principal) = caller.principal() else {
        return Err(Error::Unauthenticated(Unauthenticated::Missing));
    };
    let owns = owner == Some(principal.id);
    let denied = match rule {
        Some(Rule::Owner) if !owns => Denied::Ownership,
        Some(Rule::OwnerOr(permission)) if !owns && !principal.permissions.has(permission) => {
            Denied::Ownership
        }
        Some(Rule::Holder(permission)) if !principal.permissions.has(permission) => {
            Denied::Permission(permission)
        }
        Some(Rule::Role(role)) if principal.role.as_str() != role => Denied::Role,
        Some(Rule::System) | None => Denied::Role,
        Some(Rule::Anyone | Rule::Owner | Rule::OwnerOr(_) | Rule::Holder(_) | Rule::Role(_)) => {
            return Ok(granted);
        }
    };
    Err(Error::Denied(denied))
}
