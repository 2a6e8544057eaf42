//! Signing keys of access tokens.

use crate::access::{Action, Policy, Resource, Rule};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// Names a key that signs access tokens.
pub type KeyId = Id<SigningKey>;

/// A key that signs access tokens. The private key is sealed: useless without the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id in the audit trail.
    pub id: KeyId,
    /// Its id in tokens and in the key set: the thumbprint of the public key (RFC 7638).
    pub kid: String,
    /// The JWA algorithm name: `EdDSA` or `ES256`.
    pub algorithm: String,
    /// The sealed private key.
    pub sealed: Vec<u8>,
    /// The public key.
    pub public: Vec<u8>,
    /// When it was generated.
    pub created_at: Timestamp,
    /// When it begins to sign: later than it is published, so that every verifier knows it by then.
    pub signs_from: Timestamp,
    /// When tokens that it signed are no longer accepted; `None` before it has a successor. A compromised key has retired
    /// at its creation.
    pub retires_at: Option<Timestamp>,
}

string_enum! {
    /// What a key does at an instant.
    pub enum KeyState {
        /// It is published, and signs later.
        Next = "next",
        /// It signs new tokens.
        Current = "current",
        /// It only verifies tokens that it signed.
        Retiring = "retiring",
        /// Its tokens are refused.
        Retired = "retired",
    }
}

impl SigningKey {
    /// Whether tokens that it signed are accepted.
    pub fn is_accepted(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|at| now < at)
    }

    /// The key that signs at an instant: of those that are accepted the one that began last, or, where none has begun yet
    /// (by a clock that is slow), the one that begins first.
    pub fn current(keys: &[Self], now: Timestamp) -> Option<&Self> {
        let accepted = || keys.iter().filter(|key| key.is_accepted(now));
        let begun = accepted().filter(|key| key.signs_from <= now);
        let order = |key: &&Self| (key.signs_from, key.created_at, key.id);
        begun.max_by_key(order).or_else(|| accepted().min_by_key(order))
    }

    /// What one of the keys does at an instant.
    pub fn state(&self, keys: &[Self], now: Timestamp) -> KeyState {
        if !self.is_accepted(now) {
            KeyState::Retired
        } else if Self::current(keys, now).is_some_and(|current| current.id == self.id) {
            KeyState::Current
        } else if now < self.signs_from {
            KeyState::Next
        } else {
            KeyState::Retiring
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, retires {:?})", self.kid, self.retires_at)
    }
}

impl Serialize for SigningKey {
    // The fields that the audit trail records: never the sealed key.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct AuditedKey<'a> {
            kid: &'a str,
            algorithm: &'a str,
            created_at: Timestamp,
            signs_from: Timestamp,
            retires_at: Option<Timestamp>,
        }
        let audited = AuditedKey {
            kid: &self.kid,
            algorithm: &self.algorithm,
            created_at: self.created_at,
            signs_from: self.signs_from,
            retires_at: self.retires_at,
        };
        audited.serialize(serializer)
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl SigningKey {
    pub const CREATE: Action = Action::new("create");
    pub const ROTATE: Action = Action::new("rotate");
}

impl Resource for SigningKey {
    const NAME: &'static str = "signing-key";
    const POLICY: Policy = Policy {
        visible: &[],
        actions: &[(Self::CREATE, Rule::System), (Self::ROTATE, Rule::System)],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn key(number: u128, signs_from: i64, retires_at: Option<i64>) -> SigningKey {
        SigningKey {
            id: KeyId::from_uuid(Uuid::from_u128(number)),
            kid: number.to_string(),
            algorithm: "EdDSA".to_owned(),
            sealed: Vec::new(),
            public: Vec::new(),
            created_at: at(signs_from - 10),
            signs_from: at(signs_from),
            retires_at: retires_at.map(at),
        }
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_verifies_after_it_signed() {
        let keys = [key(1, 100, Some(300)), key(2, 200, None)];
        let states = |now: i64| keys.each_ref().map(|key| key.state(&keys, at(now)));
        assert_eq!(states(100), [KeyState::Current, KeyState::Next]);
        assert_eq!(states(199), [KeyState::Current, KeyState::Next]);
        assert_eq!(states(200), [KeyState::Retiring, KeyState::Current]);
        assert_eq!(states(299), [KeyState::Retiring, KeyState::Current]);
        assert_eq!(states(300), [KeyState::Retired, KeyState::Current]);
    }

    #[test]
    fn a_key_of_the_future_signs_where_there_is_no_other() {
        let keys = [key(1, 100, Some(90)), key(2, 300, None), key(3, 200, None)];
        let current = |now| SigningKey::current(&keys, at(now)).map(|key| key.kid.as_str());
        assert_eq!(current(95), Some("3"));
        assert_eq!(current(250), Some("3"));
        assert_eq!(current(300), Some("2"));
        assert_eq!(
            SigningKey::current(&keys[..1], at(95)),
            None,
            "a compromised key never signs again"
        );
    }
}
