//! Signing keys as they are stored: the private key sealed under the master key.

use super::seal::{SealError, Sealer};
use super::token::{KeyError, TokenAlgorithm, TokenKey};
use aws_lc_rs::signature::Ed25519KeyPair;
use mainstay_domain::random::{self, Random};
use mainstay_domain::time::Timestamp;
use zeroize::Zeroizing;

/// Binds sealed keys to their purpose, so that no other sealed value passes for one.
const CONTEXT: &str = "signing-key";

/// A row of the signing keys table. Shared secrets are configured, never stored, so all of these are EdDSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The `kid` in the tokens that it signs.
    pub kid: String,
    /// Always [`TokenAlgorithm::EdDsa`] today.
    pub algorithm: TokenAlgorithm,
    /// When it was generated.
    pub created_at: Timestamp,
    /// The time from which on its tokens are refused; `None` for the key that signs new tokens.
    pub retires_at: Option<Timestamp>,
    /// PKCS#8 version 1, sealed.
    pub private: Vec<u8>,
    /// The public key: 32 bytes.
    pub public: Vec<u8>,
}

/// Why a stored key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The private key does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The sealed value is not a key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The row's id, algorithm or public key differs from the sealed key's.
    #[error("the row does not belong to its key")]
    Mismatch,
}

impl SigningKey {
    /// Generates a new Ed25519 key.
    pub fn generate(sealer: &Sealer, random: &dyn Random, now: Timestamp) -> Self {
        let seed = Zeroizing::new(random::bytes::<32>(random));
        let pkcs8 = Ed25519KeyPair::from_seed_unchecked(&*seed)
            .and_then(|pair| pair.to_pkcs8v1().map_err(Into::into))
            .expect("every 32 bytes are an Ed25519 seed");
        let key = TokenKey::eddsa(pkcs8.as_ref()).expect("it was encoded just now");
        let kid = key.id().to_owned();
        Self {
            private: sealer.seal(CONTEXT, kid.as_bytes(), pkcs8.as_ref(), random),
            public: key
                .public()
                .map(|public| public.to_vec())
                .expect("an EdDSA key has a public half"),
            algorithm: key.algorithm(),
            created_at: now,
            retires_at: None,
            kid,
        }
    }

    /// Opens the key, also a retiring one: that it opens proves that this product made it, while anyone with write
    /// access to the database could have put a public key into the row.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub fn open(&self, sealer: &Sealer) -> Result<TokenKey, SigningKeyError> {
        let pkcs8 = sealer.open(CONTEXT, self.kid.as_bytes(), &self.private)?;
        let key = TokenKey::eddsa(&pkcs8)?;
        let public = key.public().map(|public| public.as_slice());
        if key.id() != self.kid || key.algorithm() != self.algorithm || public != Some(&self.public) {
            return Err(SigningKeyError::Mismatch);
        }
        Ok(match self.retires_at {
            Some(instant) => key.retiring(instant),
            None => key,
        })
    }

    /// Seals the key again if it is not under the current master key; returns whether it changed.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn reseal(&mut self, sealer: &Sealer, random: &dyn Random) -> Result<bool, SealError> {
        if sealer.is_current(&self.private) {
            return Ok(false);
        }
        let pkcs8 = sealer.open(CONTEXT, self.kid.as_bytes(), &self.private)?;
        self.private = sealer.seal(CONTEXT, self.kid.as_bytes(), &pkcs8, random);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::master_key::MasterKey;
    use mainstay_domain::random::Counting;

    fn sealer(byte: u8, previous: Vec<u8>) -> Sealer {
        let key = |byte| MasterKey::from_bytes([byte; 32]);
        Sealer::new(key(byte), previous.into_iter().map(key).collect())
    }

    fn generate(random: &Counting) -> SigningKey {
        SigningKey::generate(&sealer(1, vec![]), random, Timestamp::from_seconds(1000))
    }

    #[test]
    fn a_stored_key_opens_to_the_generated_key() {
        let random = Counting::default();
        let stored = generate(&random);
        let key = stored.open(&sealer(1, vec![])).unwrap();
        assert_eq!(
            (key.id(), key.algorithm()),
            (stored.kid.as_str(), TokenAlgorithm::EdDsa)
        );
        assert_eq!(key.public().unwrap().as_slice(), stored.public);
        assert_ne!(generate(&random).kid, stored.kid);
        assert!(!format!("{key:?}").contains("private"));
    }

    #[test]
    fn a_planted_public_or_moved_private_key_is_not_accepted() {
        let random = Counting::default();
        let (stored, other) = (generate(&random), generate(&random));
        let planted = SigningKey {
            public: other.public.clone(),
            ..stored.clone()
        };
        assert_eq!(
            planted.open(&sealer(1, vec![])).unwrap_err(),
            SigningKeyError::Mismatch
        );
        let moved = SigningKey {
            private: other.private,
            ..stored
        };
        assert_eq!(
            moved.open(&sealer(1, vec![])).unwrap_err(),
            SealError::Tampered.into()
        );
    }

    #[test]
    fn a_key_is_resealed_under_a_new_master_key() {
        let random = Counting::default();
        let mut stored = generate(&random);
        assert!(stored.reseal(&sealer(2, vec![1]), &random).unwrap());
        assert!(!stored.reseal(&sealer(2, vec![1]), &random).unwrap());
        assert_eq!(stored.open(&sealer(2, vec![])).unwrap().id(), stored.kid);
        assert!(matches!(
            stored.open(&sealer(1, vec![])),
            Err(SigningKeyError::Sealed(SealError::UnknownKey(_)))
        ));
    }
}
