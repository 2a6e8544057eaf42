//! Accounts.

use crate::access::{Grant, RoleName};
use crate::email::Email;
use crate::error::{Denied, Error, Result};
use crate::id::UserId;
use crate::name::PersonName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    /// In use.
    Active,
    /// Switched off by an administrator.
    Disabled,
    /// Made by an administrator; the person has not chosen a password yet.
    Invited,
}

impl UserStatus {
    /// As stored and as clients read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Invited => "invited",
        }
    }

    /// Finds the status of a name.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Invited]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// A person's account. It holds no secret: the password hash has a row and a type of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its name.
    pub id: UserId,
    /// Where mail goes, and what signs in.
    pub email: Email,
    /// How the person wants to be called.
    pub name: PersonName,
    /// Its role.
    pub role: RoleName,
    /// Whether it may be used.
    pub status: UserStatus,
    /// Whether the address was confirmed.
    pub email_verified: bool,
    /// Whether a second factor is asked for.
    pub mfa_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; the entity tag.
    pub version: i64,
}

/// What is needed to make an account.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Where mail goes.
    pub email: Email,
    /// How the person wants to be called.
    pub name: PersonName,
    /// Its role.
    pub role: RoleName,
    /// Whether it may be used at once.
    pub status: UserStatus,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
}

impl User {
    /// A new account.
    pub fn new(id: UserId, new: NewUser, now: Timestamp) -> Self {
        Self {
            id,
            email: new.email,
            name: new.name,
            role: new.role,
            status: new.status,
            email_verified: new.email_verified,
            mfa_enabled: false,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The same account, changed.
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    /// Lets only usable accounts sign in.
    ///
    /// # Errors
    /// `ACCOUNT_DISABLED`.
    pub fn check_usable(&self) -> Result<()> {
        match self.status {
            UserStatus::Active | UserStatus::Invited => Ok(()),
            UserStatus::Disabled => Err(Error::Denied(Denied::Disabled)),
        }
    }

    /// True for an account that can administer: what must not become none.
    pub fn is_active_admin(&self) -> bool {
        self.role.is_admin() && self.status == UserStatus::Active
    }
}

/// The facts about an account that decide what it may do; kept in memory on every node while they are news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFacts {
    /// The account.
    pub user_id: UserId,
    /// Its address.
    pub email: Email,
    /// Its role.
    pub role: RoleName,
    /// Whether it may be used.
    pub status: UserStatus,
    /// Permissions of its own, ended ones left out by whoever reads them.
    pub grants: Vec<Grant>,
    /// The number of the last change of any of these, 0 before the first. The database counts, so that of two facts about
    /// one account the newer has the greater number, whatever the clocks of the nodes say.
    pub change: i64,
}
