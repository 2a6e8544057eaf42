//! Roles, by name. A role's permissions are data, not code.

use crate::string_enum::StoredAsText;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use uuid::{Builder, Uuid};

/// The name of a role: 1 to 40 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(Arc<str>);

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

    /// The id under which the audit trail lists the role: a hash of the name (FNV-1a of 128 bits), as a UUID of version 8
    /// (RFC 9562, 5.8). The name identifies a role; a role that is created again under a name continues its trail.
    pub fn uuid(&self) -> Uuid {
        let step = |hash: u128, byte: u8| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        };
        let hash = self
            .0
            .bytes()
            .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, step);
        Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
    }

    /// True for the role that has every permission.
    pub fn is_admin(&self) -> bool {
        &*self.0 == Self::ADMIN
    }
}

impl FromStr for RoleName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
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
