//! Permissions: `verb:resource`.

use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The name of a permission that the code asks for. Names are declared, never made of input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission(&'static str);

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        impl Permission {
            $($(#[$meta])* pub const $name: Self = Self::declare($text);)*
            /// Every permission of our own nouns.
            pub const BUILT_IN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

permissions! {
    /// See any account.
    READ_USER = "read:user";
    /// Make accounts for others.
    CREATE_USER = "create:user";
    /// Change and disable accounts.
    UPDATE_USER = "update:user";
    /// Give and take permissions.
    GRANT_PERMISSION = "grant:permission";
    /// Ask who may do what.
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
    /// See anybody's orders.
    READ_ORDER = "read:order";
    /// Move anybody's orders along.
    UPDATE_ORDER = "update:order";
    /// Give money back.
    REFUND_ORDER = "refund:order";
    /// Make reports.
    EXPORT_DATA = "export:data";
    /// See, retry and cancel jobs.
    MANAGE_JOB = "manage:job";
    /// Read metrics.
    READ_METRICS = "read:metrics";
}

impl Permission {
    /// Declares a permission of an extending noun.
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

    /// The name.
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

/// A permission given to one person, for ever or for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name, as stored.
    pub permission: String,
    /// When it ends, if it does.
    pub until: Option<Timestamp>,
}

/// What somebody may do at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionSet {
    all: bool,
    names: Arc<BTreeSet<String>>,
}

impl PermissionSet {
    /// Everything, also what is declared tomorrow: the administrator's.
    pub fn everything() -> Self {
        Self {
            all: true,
            names: Arc::default(),
        }
    }

    /// Exactly these.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            all: false,
            names: Arc::new(names.into_iter().collect()),
        }
    }

    /// These and the grants that have not ended at `now`.
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

    /// True when the permission is in it.
    pub fn has(&self, permission: Permission) -> bool {
        self.all || self.names.contains(permission.0)
    }

    /// True when a permission of this name is in it.
    pub fn has_name(&self, name: &str) -> bool {
        self.all || self.names.contains(name)
    }

    /// The names; for the administrator every declared one.
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
    fn a_grant_is_gone_the_moment_it_ends() {
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
    fn the_administrator_has_what_nobody_listed() {
        assert!(PermissionSet::everything().has(Permission::declare("read:review")));
        assert!(!PermissionSet::of([]).has(Permission::READ_USER));
    }
}
