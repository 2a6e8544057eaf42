//! Signing keys as they are stored: the private key sealed under the master key.

use super::seal::{SealError, Sealer};
use super::token::{KeyError, TokenAlgorithm, TokenKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::pkcs8::Document;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use mainstay_domain::random::{self, Random};
use zeroize::Zeroizing;

/// Binds sealed keys to their purpose, so that no other sealed value passes for one.
pub const CONTEXT: &str = "signing-key";

/// A row of the signing keys table. Shared secrets are configured, never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The `kid` in the tokens that it signs.
    pub kid: String,
    /// EdDSA or ES256.
    pub algorithm: TokenAlgorithm,
    /// PKCS#8 version 1, sealed.
    pub private: Vec<u8>,
    /// The public key, as [`TokenKey::public`] returns it.
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
    /// Generates a new key of the algorithm.
    ///
    /// # Panics
    /// For HS256: a shared secret is configured and not generated.
    pub fn generate(sealer: &Sealer, random: &dyn Random, algorithm: TokenAlgorithm) -> Self {
        let pkcs8 = match algorithm {
            TokenAlgorithm::EdDsa => ed25519(random),
            TokenAlgorithm::Es256 => p256(random),
            TokenAlgorithm::Hs256 => panic!("a shared secret is not generated"),
        };
        let key = read(algorithm, pkcs8.as_ref()).expect("it was encoded just now");
        let kid = key.id().to_owned();
        Self {
            private: sealer.seal(CONTEXT, kid.as_bytes(), pkcs8.as_ref(), random),
            public: key
                .public()
                .map(|public| public.to_vec())
                .expect("a key pair has a public half"),
            algorithm: key.algorithm(),
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
        let key = read(self.algorithm, &pkcs8)?;
        if key.id() != self.kid || key.public() != Some(&self.public) {
            return Err(SigningKeyError::Mismatch);
        }
        Ok(key)
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

fn read(algorithm: TokenAlgorithm, pkcs8: &[u8]) -> Result<TokenKey, KeyError> {
    match algorithm {
        TokenAlgorithm::EdDsa => TokenKey::eddsa(pkcs8),
        TokenAlgorithm::Es256 => TokenKey::es256(pkcs8),
        TokenAlgorithm::Hs256 => Err(KeyError::NotAKey),
    }
}

fn ed25519(random: &dyn Random) -> Document {
    let seed = Zeroizing::new(random::bytes::<32>(random));
    Ed25519KeyPair::from_seed_unchecked(&*seed)
        .and_then(|pair| pair.to_pkcs8v1().map_err(Into::into))
        .expect("every 32 bytes are an Ed25519 seed")
}

/// A private key of P-256 is a number below the order of the curve; of 2^32 random ones about one is not.
fn p256(random: &dyn Random) -> Document {
    loop {
        let scalar = Zeroizing::new(random::bytes::<32>(random));
        if let Some(pair) = p256_pair(&*scalar) {
            return pair.to_pkcs8v1().expect("a key pair has an encoding");
        }
    }
}

fn p256_pair(scalar: &[u8]) -> Option<EcdsaKeyPair> {
    let private = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?;
    let public = private.compute_public_key().ok()?;
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, public.as_ref()).ok()
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
        SigningKey::generate(&sealer(1, vec![]), random, TokenAlgorithm::EdDsa)
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
        assert_eq!(key.public().unwrap(), stored.public);
        assert_ne!(generate(&random).kid, stored.kid);
        assert!(!format!("{key:?}").contains("private"));
    }

    #[test]
    fn a_key_of_another_algorithm_is_not_accepted_in_the_place_of_one() {
        let random = Counting::default();
        let sealer = sealer(1, vec![]);
        let p256 = SigningKey::generate(&sealer, &random, TokenAlgorithm::Es256);
        assert_eq!(p256.open(&sealer).unwrap().algorithm(), TokenAlgorithm::Es256);
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Hs256] {
            let confused = SigningKey {
                algorithm,
                ..p256.clone()
            };
            assert!(confused.open(&sealer).is_err());
        }
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
