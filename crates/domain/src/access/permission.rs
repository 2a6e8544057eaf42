//! Permissions: `verb:resource`.

use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The name of a permission that the code checks. Names are declared constants, never made from input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(&'static str);

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        impl Permission {
            $($(#[$meta])* pub const $name: Self = Self::declare($text);)*
            /// Every permission of the built-in resources.
            pub const BUILT_IN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

permissions! {
    /// See any account.
    READ_USER = "read:user";
    /// Create accounts for others.
    CREATE_USER = "create:user";
    /// Change and disable accounts.
    UPDATE_USER = "update:user";
    /// Grant and revoke permissions.
    GRANT_PERMISSION = "grant:permission";
    /// Query which users hold which permissions.
    READ_ACCESS = "read:access";
    /// Change roles.
    MANAGE_ROLE = "manage:role";
    /// Read the audit trail and security events.
    READ_AUDIT = "read:audit";
    /// Add products.
    CREATE_PRODUCT = "create:product";
    /// Change products and their stock, and see drafts.
    UPDATE_PRODUCT = "update:product";
    /// Take products off sale.
    DELETE_PRODUCT = "delete:product";
    /// Place orders.
    CREATE_ORDER = "create:order";
    /// See the orders of all customers.
    READ_ORDER = "read:order";
    /// Change the status of any customer's orders.
    UPDATE_ORDER = "update:order";
    /// Refund orders.
    REFUND_ORDER = "refund:order";
    /// Make reports.
    EXPORT_DATA = "export:data";
    /// See, retry and cancel jobs.
    MANAGE_JOB = "manage:job";
    /// Read metrics.
    READ_METRICS = "read:metrics";
}

impl Permission {
    /// Declares a permission of an extension's resource.
    ///
    /// # Panics
    /// At compile time, when it is not `verb:resource` in small letters.
    pub const fn declare(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let (mut at, mut colons) = (0, 0);
        while at < bytes.len() {
            match bytes[at] {
                b':' => colons += 1,
                b'a'..=b'z' | b'-' => {}
                _ => panic!("a permission is verb:resource in small letters"),
            }
            at += 1;
        }
        assert!(colons == 1, "a permission is verb:resource");
        Self(name)
    }

    /// The name, in the form `verb:resource`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// A permission granted to one user, permanently or until a given instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The permission's name, as stored.
    pub permission: String,
    /// When the grant ends; `None` if it does not.
    pub until: Option<Timestamp>,
}

/// The permissions of one caller at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionSet {
    all: bool,
    names: Arc<BTreeSet<String>>,
}

impl PermissionSet {
    /// Every permission, including ones declared later: the administrator's set.
    pub fn everything() -> Self {
        Self {
            all: true,
            names: Arc::default(),
        }
    }

    /// Exactly the given permissions.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            all: false,
            names: Arc::new(names.into_iter().collect()),
        }
    }

    /// This set and the grants that have not ended at `now`.
    pub fn with_grants(&self, grants: &[Grant], now: Timestamp) -> Self {
        let live = |grant: &&Grant| grant.until.is_none_or(|until| now < until);
        let added: Vec<String> = grants
            .iter()
            .filter(live)
            .map(|grant| grant.permission.clone())
            .collect();
        if self.all || added.is_empty() {
            return self.clone();
        }
        Self {
            all: false,
            names: Arc::new(self.names.iter().cloned().chain(added).collect()),
        }
    }

    /// True when the set contains the permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.all || self.names.contains(permission.0)
    }

    /// True when the set contains a permission of this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }

    /// The names; for the administrator, every built-in one, sorted.
    pub fn names(&self) -> Vec<String> {
        if self.all {
            let mut names: Vec<String> = Permission::BUILT_IN.iter().map(|p| p.0.to_owned()).collect();
            names.sort_unstable();
            return names;
        }
        self.names.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_has_no_effect_from_its_end_on() {
        let grants = [Grant {
            permission: "read:order".into(),
            until: Some(Timestamp::from_micros(10)),
        }];
        let none = PermissionSet::of([]);
        assert!(
            none.with_grants(&grants, Timestamp::from_micros(9))
                .has(Permission::READ_ORDER)
        );
        assert!(
            !none
                .with_grants(&grants, Timestamp::from_micros(10))
                .has(Permission::READ_ORDER)
        );
    }

    #[test]
    fn the_administrator_has_permissions_declared_by_extensions() {
        assert!(PermissionSet::everything().has(Permission::declare("read:review")));
        assert!(!PermissionSet::of([]).has(Permission::READ_USER));
    }
}
