//! Authorisation of one action on one row.

use super::policy::{Resource, Rule, judge};
use super::{Caller, SystemCaller};
use crate::error::{Error, Result, Unauthenticated};
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

/// Authorises one action on one row. Every statement that changes rows of the resource requires one, and rejects it for
/// another row and for an action that the statement does not serve.
#[derive(Debug)]
pub struct Permit<T> {
    id: Uuid,
    owner: Option<UserId>,
    action: Action,
    resource: PhantomData<fn() -> T>,
}

/// Authorises one action on all rows of a resource, such as removing those whose retention is over. Only Mainstay
/// itself gets one.
#[derive(Debug)]
pub struct BulkPermit<T> {
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

    /// Checks that the permit is for the row that is about to be written, and for one of the actions that the writer
    /// serves.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is not: a bug in the calling code.
    pub fn check(&self, served: &[Action], row: Id<T>) -> Result<()> {
        if self.id != row.uuid() {
            let (permitted, row) = (self.id, row.uuid());
            return Err(Error::bug(format!(
                "a permit for {} {permitted} was shown for {row}",
                T::NAME
            )));
        }
        serves::<T>(served, self.action)
    }
}

impl<T: Resource> BulkPermit<T> {
    /// Checks that the permit is for one of the actions that the writer serves.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is not: a bug in the calling code.
    pub fn check(&self, served: &[Action]) -> Result<()> {
        serves::<T>(served, self.action)
    }
}

fn serves<T: Resource>(served: &[Action], permitted: Action) -> Result<()> {
    if served.contains(&permitted) {
        return Ok(());
    }
    Err(Error::bug(format!(
        "a permit to {permitted:?} a {} was shown to a writer that serves {served:?}",
        T::NAME
    )))
}

/// Permits a part of Mainstay to perform an action on all rows of a resource.
pub fn permit_all<T: Resource>(_: SystemCaller, action: Action) -> BulkPermit<T> {
    BulkPermit {
        action,
        resource: PhantomData,
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
    match judge(rule, principal, owner) {
        Ok(_) => Ok(granted),
        Err(denied) => Err(Error::Denied(denied)),
    }
}
