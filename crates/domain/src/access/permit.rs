//! Authorisation of one action on one row.

use super::Caller;
use super::policy::{Resource, Rule};
use crate::error::{Denied, Error, Result, Unauthenticated};
use crate::id::{Id, UserId};
use serde::Serialize;
use std::fmt;
use std::marker::PhantomData;
use uuid::Uuid;

/// An action on a resource, as named in policies and permits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Action(&'static str);

impl Action {
    /// Declares an action. Each is a constant of its resource: `Order::CANCEL`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name: lower case, hyphenated.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Authorises one action on one row. Writers require it and reject a permit for another row.
#[derive(Debug)]
pub struct Permit<T> {
    id: Uuid,
    owner: Option<UserId>,
    action: Action,
    resource: PhantomData<fn() -> T>,
}

impl<T: Resource> Permit<T> {
    /// The id of the row that it authorises.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The account that owns the row; `None` when the row has no owner.
    pub fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// The authorised action.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Checks that the permit is for the row that is about to be written.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is for another row: a bug in the calling code.
    pub fn covers(&self, row: &T) -> Result<()> {
        if self.id == row.id().uuid() {
            Ok(())
        } else {
            Err(Error::bug(format!(
                "a permit for {} {} was shown for {}",
                T::NAME,
                self.id,
                row.id().uuid()
            )))
        }
    }
}

/// Consults the policy whether the caller may perform the action on the row.
///
/// # Errors
/// Not signed in (401), or not the owner and without the permission (403). An action that the policy does not list is
/// denied to every caller but the system.
pub fn permit<T: Resource>(caller: &Caller, action: Action, row: &T) -> Result<Permit<T>> {
    permit_new(caller, action, row.id(), row.owner())
}

/// The same for a row that is about to be created, whose id and owner are known before the rest of it.
///
/// # Errors
/// As [`permit`].
pub fn permit_new<T: Resource>(
    caller: &Caller,
    action: Action,
    id: Id<T>,
    owner: Option<UserId>,
) -> Result<Permit<T>> {
    let granted = Permit {
        id: id.uuid(),
        owner,
        action,
        resource: PhantomData,
    };
    if matches!(caller, Caller::System(_)) {
        return Ok(granted);
    }
    let rule = T::POLICY.rule(action);
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
