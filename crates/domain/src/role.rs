//! Roles: named sets of permissions, which administrators change at run time.

use crate::access::{Action, Permission, PermissionSet, Policy, Resource, RoleName, Rule, Visibility};
use crate::error::{Error, Result};
use crate::id::{Id, UserId};
use crate::state::{State, Versioned};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A named set of permissions. Every account has one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Unique; never changed.
    pub name: RoleName,
    /// The names of its permissions. None is stored of the administrator's role, which has every permission.
    pub permissions: BTreeSet<String>,
    /// Whether it is one of [`RoleName::BUILT_IN`], which cannot be deleted.
    pub built_in: bool,
    /// Whether its members need a second factor: without one, they may do nothing but set one up.
    pub mfa_required: bool,
    /// When it was created; 0 of a built-in role.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change; the entity tag.
    pub version: i64,
}

impl Role {
    /// How many roles there may be. Every node holds all of them in memory.
    pub const MAX_COUNT: usize = 200;

    /// A new role.
    pub fn new(name: RoleName, permissions: BTreeSet<String>, now: Timestamp) -> Self {
        Self {
            name,
            permissions,
            built_in: false,
            mfa_required: false,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What its members may do by it; `declared` are all permissions that there are.
    pub fn held(&self, declared: &[Permission]) -> PermissionSet {
        match self.name.is_admin() {
            true => PermissionSet::everything(declared),
            false => PermissionSet::of(self.permissions.iter().cloned()),
        }
    }

    /// Replaces the permissions.
    ///
    /// # Errors
    /// `CONFLICT` for the administrator's role: it has every permission, so that the deployment stays administrable.
    pub fn with_permissions(mut self, permissions: BTreeSet<String>) -> Result<Self> {
        if self.name.is_admin() {
            return Err(Error::Conflict(
                "the role admin always has every permission".to_owned(),
            ));
        }
        self.permissions = permissions;
        Ok(self)
    }

    /// Marks the role as changed: sets `updated_at` and increments the version.
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    /// Checks that the role may be deleted, as far as it alone decides that.
    ///
    /// # Errors
    /// `CONFLICT` for a built-in role.
    pub fn check_removable(&self) -> Result<()> {
        match self.built_in {
            true => Err(Error::Conflict(format!(
                "the role {} is built in and cannot be deleted",
                self.name
            ))),
            false => Ok(()),
        }
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Role {
    pub const CREATE: Action = Action::new("create");
    pub const UPDATE: Action = Action::new("update");
    pub const DELETE: Action = Action::new("delete");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const MANAGE_ROLE: Self = Self::new(
        "manage:role",
        "See, create, change and delete roles, with permissions that one holds",
    );
}

impl Resource for Role {
    const NAME: &'static str = "role";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::MANAGE_ROLE)],
        actions: &[
            (Self::CREATE, Rule::Holder(Permission::MANAGE_ROLE)),
            (Self::UPDATE, Rule::Holder(Permission::MANAGE_ROLE)),
            (Self::DELETE, Rule::Holder(Permission::MANAGE_ROLE)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[Permission::MANAGE_ROLE];
    fn id(&self) -> Id<Self> {
        Id::from_uuid(self.name.uuid())
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Versioned for Role {
    fn state(&self) -> State {
        State::of(self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn role(name: &str, permissions: &[&str]) -> Role {
        let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        Role {
            built_in: RoleName::BUILT_IN.contains(&name),
            ..Role::new(RoleName::stored(name), permissions, Timestamp::from_micros(0))
        }
    }

    #[test]
    fn the_administrators_role_keeps_every_permission() {
        let admin = role("admin", &[]);
        assert!(admin.held(&[]).has(Permission::MANAGE_ROLE));
        let error = admin
            .with_permissions(BTreeSet::new())
            .expect_err("it is refused");
        assert_eq!(error.code(), Code::Conflict);
    }

    #[test]
    fn built_in_roles_change_and_stay() {
        let manager = role("manager", &["read:user"]);
        assert!(manager.check_removable().is_err());
        assert!(role("auditor", &[]).check_removable().is_ok());
        let changed = manager.with_permissions(BTreeSet::new()).expect("it may change");
        assert!(!changed.held(&[]).has(Permission::READ_USER));
    }

    #[test]
    fn the_id_of_a_role_follows_from_its_name() {
        let id = |name| role(name, &[]).id();
        assert_eq!(id("auditor"), id("auditor"));
        assert_ne!(id("auditor"), id("auditors"));
        assert_eq!(id("auditor").uuid().get_version_num(), 8);
    }
}
