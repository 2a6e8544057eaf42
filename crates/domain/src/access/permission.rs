//! Permissions: `verb:resource`.

use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A permission that the code checks. Each is a declared constant, never made from input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    name: &'static str,
    description: &'static str,
}

/// Permissions that belong to no resource.
#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const READ_ACCESS: Self = Self::new("read:access", "Ask what an account may do, and why");
    pub const EXPORT_DATA: Self = Self::new("export:data", "Make reports");
    pub const READ_METRICS: Self = Self::new("read:metrics", "Read metrics");

    /// Every permission that belongs to no resource.
    pub const GENERAL: &'static [Self] = &[
        Self::READ_ACCESS,
        Self::EXPORT_DATA,
        Self::READ_METRICS,
        Self::PUBLISH_ROOM,
    ];
}

impl Permission {
    /// Declares a permission: its name, `verb:resource`, and what it permits, for the administrator who grants it. The
    /// resource lists it in [`Resource::PERMISSIONS`](super::Resource::PERMISSIONS).
    ///
    /// # Panics
    /// At compile time, when the name is not `verb:resource` in small letters.
    pub const fn new(name: &'static str, description: &'static str) -> Self {
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
        Self { name, description }
    }

    /// The name, in the form `verb:resource`.
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// What it permits, in a few words.
    pub const fn description(self) -> &'static str {
        self.description
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
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
    /// Every permission: the administrator's set. `declared` are those it lists by name; it also has every other, so
    /// that an administrator's token outlives the addition of a permission.
    pub fn everything(declared: &[Permission]) -> Self {
        Self {
            all: true,
            names: Arc::new(declared.iter().map(|one| one.name.to_owned()).collect()),
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

    /// Those of the given permissions that the set contains.
    #[must_use]
    pub fn restricted_to(&self, names: &[String]) -> Self {
        let held = names.iter().filter(|name| self.has_name(name));
        Self::of(held.cloned())
    }

    /// True when the set contains every permission of the other one.
    pub fn covers(&self, other: &Self) -> bool {
        self.all || (!other.all && other.names.is_subset(&self.names))
    }

    /// True when the set contains the permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.all || self.names.contains(permission.name)
    }

    /// True when the set contains a permission of this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> Vec<String> {
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
    fn a_set_covers_what_it_contains() {
        let set = |names: &[&str]| PermissionSet::of(names.iter().map(|name| (*name).to_owned()));
        let (few, more, all) = (
            set(&["a:b"]),
            set(&["a:b", "c:d"]),
            PermissionSet::everything(&[]),
        );
        assert!(more.covers(&few) && more.covers(&more) && few.covers(&set(&[])));
        assert!(!few.covers(&more));
        assert!(all.covers(&more) && all.covers(&all));
        // An account that has many permissions by name still is no administrator.
        assert!(!more.covers(&all));
    }

    #[test]
    fn the_administrator_has_permissions_declared_by_extensions() {
        const READ_REVIEW: Permission = Permission::new("read:review", "See hidden reviews");
        let everything = PermissionSet::everything(&[READ_REVIEW, Permission::READ_METRICS]);
        assert!(everything.has(READ_REVIEW) && everything.has(Permission::READ_USER));
        assert_eq!(everything.names(), ["read:metrics", "read:review"]);
        assert!(!PermissionSet::of([]).has(Permission::READ_USER));
    }
}
