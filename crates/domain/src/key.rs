//! Signing keys: what access tokens are signed with.

use crate::id::KeyId;
use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;

/// A key that signs access tokens. The private half is sealed: useless without the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in the audit trail.
    pub id: KeyId,
    /// Its name in tokens and in the key set: the thumbprint of the public half (RFC 7638).
    pub kid: String,
    /// The JWA name: `EdDSA`.
    pub algorithm: String,
    /// The sealed private half.
    pub sealed: Vec<u8>,
    /// The public half.
    pub public: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being believed; `None` for the one that signs.
    pub retires_at: Option<Timestamp>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, retires {:?})", self.kid, self.retires_at)
    }
}

impl Serialize for SigningKey {
    // What the audit trail is told: never the sealed half.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Told<'a> {
            kid: &'a str,
            algorithm: &'a str,
            created_at: Timestamp,
            retires_at: Option<Timestamp>,
        }
        let told = Told {
            kid: &self.kid,
            algorithm: &self.algorithm,
            created_at: self.created_at,
            retires_at: self.retires_at,
        };
        told.serialize(serializer)
    }
}
