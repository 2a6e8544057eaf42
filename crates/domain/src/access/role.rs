//! Roles, by name. What a role may do is data, not code.

use crate::fault::Flaw;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The name of a role.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

impl RoleName {
    /// The role that has every permission.
    pub const ADMIN: &'static str = "admin";
    /// The role of whoever registers.
    pub const CUSTOMER: &'static str = "customer";
    /// Roles that are always there.
    pub const BUILT_IN: [&'static str; 4] = ["admin", "manager", "support", "customer"];

    /// The administrator's.
    pub fn admin() -> Self {
        Self(Self::ADMIN.into())
    }

    /// The customer's.
    pub fn customer() -> Self {
        Self(Self::CUSTOMER.into())
    }

    /// Makes a name of outside text: 1 to 40 of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text.into()))
        } else {
            Err(Flaw::new("FORMAT", "must be 1 to 40 of a-z, 0-9 and -"))
        }
    }

    /// A name that was stored, and therefore checked before.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the role that has every permission.
    pub fn is_admin(&self) -> bool {
        &*self.0 == Self::ADMIN
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
