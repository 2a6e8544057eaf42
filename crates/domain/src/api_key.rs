//! API keys: credentials of programs that act for an account.

use crate::access::{Action, PermissionSet, Policy, Resource, Rule, Visibility};
use crate::error::{Error, Result, Unauthenticated};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::text;
use crate::time::Timestamp;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};

/// Names an API key.
pub type ApiKeyId = Id<ApiKey>;

string_enum! {
    /// Whether a key was revoked. An expired key is not: its end was known from the beginning.
    pub enum ApiKeyStatus {
        /// Not revoked.
        Active = "active",
        /// Revoked by its owner; it never becomes active again.
        Revoked = "revoked",
    }
}

/// A credential of a program that acts for an account. The secret is not part of it: only its digest is stored, apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Unique, and ordered by creation time.
    pub id: ApiKeyId,
    /// The account that it acts for.
    pub user_id: UserId,
    /// What the owner calls it: 1 to 100 characters, one line.
    pub name: String,
    /// Whether it was revoked.
    pub status: ApiKeyStatus,
    /// The permissions that it may use, as far as its owner has them: names such as `read:order`.
    pub scopes: Vec<String>,
    /// The networks from which it is accepted, in CIDR notation (RFC 4632); from everywhere when empty.
    pub networks: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; `None` before its first use.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// The longest name, in characters.
    pub const MAX_NAME: usize = 100;
    /// The most networks that a key may be bound to.
    pub const MAX_NETWORKS: usize = 50;

    /// Validates what an owner calls a key.
    ///
    /// # Errors
    /// `REQUIRED`, `LENGTH` or `FORMAT`.
    pub fn check_name(name: &str) -> Result<String, Invalid> {
        text::line(name, Self::MAX_NAME)
    }

    /// Checks that it may be used at an instant.
    ///
    /// # Errors
    /// `TOKEN_REVOKED` or `TOKEN_EXPIRED`.
    pub fn check_usable(&self, now: Timestamp) -> Result<()> {
        if self.status == ApiKeyStatus::Revoked {
            return Err(Error::Unauthenticated(Unauthenticated::KeyRevoked));
        }
        match self.expires_at {
            Some(end) if now >= end => Err(Error::Unauthenticated(Unauthenticated::Expired)),
            _ => Ok(()),
        }
    }

    /// What it permits: of its scopes, those that its owner holds.
    pub fn permissions(&self, owner: &PermissionSet) -> PermissionSet {
        owner.restricted_to(&self.scopes)
    }

    /// The key, revoked.
    #[must_use]
    pub fn revoked(self, now: Timestamp) -> Self {
        Self {
            status: ApiKeyStatus::Revoked,
            revoked_at: Some(now),
            ..self
        }
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl ApiKey {
    pub const CREATE: Action = Action::new("create");
    pub const REVOKE: Action = Action::new("revoke");
    /// Records that it was used.
    pub const USE: Action = Action::new("use");
    /// Removes keys whose retention is over.
    pub const PRUNE: Action = Action::new("prune");
}

impl Resource for ApiKey {
    const NAME: &'static str = "api-key";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        actions: &[
            (Self::CREATE, Rule::Owner),
            (Self::REVOKE, Rule::Owner),
            (Self::USE, Rule::System),
            (Self::PRUNE, Rule::System),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use uuid::Uuid;

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_uuid(Uuid::from_u128(1)),
            user_id: UserId::from_uuid(Uuid::from_u128(2)),
            name: "backup".into(),
            status: ApiKeyStatus::Active,
            scopes: vec!["read:order".into(), "read:user".into()],
            networks: Vec::new(),
            created_at: Timestamp::from_seconds(0),
            expires_at: Some(Timestamp::from_seconds(10)),
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_ends_to_the_microsecond_and_a_revoked_one_says_so() {
        let at = |micros| {
            key()
                .check_usable(Timestamp::from_micros(micros))
                .map_err(|error| error.code())
        };
        assert_eq!(at(9_999_999), Ok(()));
        assert_eq!(at(10_000_000), Err(Code::TokenExpired));
        let revoked = key().revoked(Timestamp::from_seconds(3));
        let refused = revoked
            .check_usable(Timestamp::from_seconds(20))
            .map_err(|error| error.code());
        assert_eq!(refused, Err(Code::TokenRevoked));
    }

    #[test]
    fn a_key_permits_no_more_than_its_scopes_and_no_more_than_its_owner_holds() {
        let of = |names: &[&str]| PermissionSet::of(names.iter().map(|name| (*name).to_owned()));
        let permitted = key().permissions(&of(&["read:order", "update:order"]));
        assert_eq!(permitted, of(&["read:order"]));
        let permitted = key().permissions(&PermissionSet::everything(&[]));
        assert_eq!(
            permitted,
            of(&["read:order", "read:user"]),
            "an administrator's key is not almighty"
        );
        assert_eq!(key().permissions(&of(&[])), of(&[]));
    }
}
