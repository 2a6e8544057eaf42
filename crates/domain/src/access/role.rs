//! Roles, by name. A role's permissions are data, not code.

use crate::string_enum::StoredAsText;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The name of a role: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

/// What a role means for those who have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleFacts {
    /// The role.
    pub name: RoleName,
    /// Its permissions by name; empty for the administrator's role, which has every permission.
    pub permissions: Vec<String>,
    /// Whether its members need a second factor: without one, they may do nothing but set one up.
    pub mfa_required: bool,
}

impl RoleName {
    /// The role that has every permission.
    pub const ADMIN: &'static str = "admin";
    /// The role of accounts that register themselves.
    pub const CUSTOMER: &'static str = "customer";
    /// Roles that always exist.
    pub const BUILT_IN: [&'static str; 4] = ["admin", "manager", "support", "customer"];

    /// The administrator role, [`RoleName::ADMIN`].
    pub fn admin() -> Self {
        Self(Self::ADMIN.into())
    }

    /// The customer role, [`RoleName::CUSTOMER`].
    pub fn customer() -> Self {
        Self(Self::CUSTOMER.into())
    }

    /// Parses a role name from untrusted text: 1 to 40 of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("FORMAT", "must be 1 to 40 of a-z, 0-9 and -"))
        }
    }

    /// A name read from the database, where only checked names are stored.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the role that has every permission.
    pub fn is_admin(&self) -> bool {
        &*self.0 == Self::ADMIN
    }
}

impl StoredAsText for RoleName {
    const EXPECTED: &'static str = "the name of a role";

    fn from_stored(text: &str) -> Option<Self> {
        Some(Self::stored(text))
    }

    fn as_stored(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
