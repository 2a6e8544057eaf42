//! Signing keys of access tokens.

use crate::access::{Action, Policy, Resource, Rule};
use crate::id::{Id, UserId};
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
    /// The JWA algorithm name: `EdDSA`.
    pub algorithm: String,
    /// The sealed private key.
    pub sealed: Vec<u8>,
    /// The public key.
    pub public: Vec<u8>,
    /// When it was generated.
    pub created_at: Timestamp,
    /// When tokens that it signed are no longer accepted; `None` for the key that signs new tokens.
    pub retires_at: Option<Timestamp>,
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
            retires_at: Option<Timestamp>,
        }
        let audited = AuditedKey {
            kid: &self.kid,
            algorithm: &self.algorithm,
            created_at: self.created_at,
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
