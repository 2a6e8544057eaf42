//! The keys of access tokens, each with exactly one algorithm.

use super::token::{Claims, MAX_BYTES, TYPE, TokenError, Unverified};
use super::{base64url, from_base64url, sha256};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use mainstay_domain::time::Timestamp;
use std::fmt;

/// A signing algorithm. A key has exactly one; the token's header is only compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// HMAC-SHA256 with a shared secret.
    Hs256,
}

impl TokenAlgorithm {
    /// The `alg` in the header of a token: `EdDSA`, `HS256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    const fn jws(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Hs256 => Algorithm::HS256,
        }
    }
}

/// The bytes are not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A shared secret of less than 32 bytes (RFC 7518, 3.2).
    #[error("the shared secret has fewer than 32 bytes")]
    WeakSecret,
    /// Not an Ed25519 key in PKCS#8.
    #[error("not an Ed25519 key in PKCS#8")]
    NotAKey,
}

/// A key that verifies tokens and, unless it is retiring, signs them. Never printed; its bytes are wiped on drop.
#[derive(Clone)]
pub struct TokenKey {
    id: String,
    algorithm: TokenAlgorithm,
    signing: Option<EncodingKey>,
    verifying: DecodingKey,
    /// For EdDSA keys only: the key that may be published.
    public: Option<[u8; 32]>,
    retires_at: Option<Timestamp>,
}

impl TokenKey {
    /// An Ed25519 key pair in PKCS#8. Its id is the start of its JWK thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn eddsa(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::NotAKey)?;
        let public: [u8; 32] = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::NotAKey)?;
        Ok(Self {
            id: thumbprint(&public),
            algorithm: TokenAlgorithm::EdDsa,
            signing: Some(EncodingKey::from_ed_der(pkcs8)),
            verifying: DecodingKey::from_ed_der(&public),
            public: Some(public),
            retires_at: None,
        })
    }

    /// A shared secret, such as `JWT_SECRET`. Its id is derived from it by a one-way function.
    ///
    /// # Errors
    /// [`KeyError::WeakSecret`].
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError::WeakSecret);
        }
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"mainstay key id");
        Ok(Self {
            id: base64url(&tag.as_ref()[..12]),
            algorithm: TokenAlgorithm::Hs256,
            signing: Some(EncodingKey::from_secret(secret)),
            verifying: DecodingKey::from_secret(secret),
            public: None,
            retires_at: None,
        })
    }

    /// The same key, accepted only before `instant` and no longer signing.
    #[must_use]
    pub fn retiring(mut self, instant: Timestamp) -> Self {
        self.signing = None;
        self.retires_at = Some(instant);
        self
    }

    /// The `kid` in the header of tokens.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key's only algorithm.
    pub fn algorithm(&self) -> TokenAlgorithm {
        self.algorithm
    }

    /// The public key; `None` for a shared secret, which has none.
    pub fn public(&self) -> Option<&[u8; 32]> {
        self.public.as_ref()
    }

    /// The time from which on tokens signed with it are refused; `None` if it is not retiring.
    pub fn retires_at(&self) -> Option<Timestamp> {
        self.retires_at
    }

    /// Whether tokens signed with it are no longer accepted.
    pub fn is_retired(&self, now: Timestamp) -> bool {
        self.retires_at.is_some_and(|instant| now >= instant)
    }

    /// Signs; `None` when the key is retiring or the token would be longer than [`MAX_BYTES`].
    pub(super) fn sign(&self, claims: &Claims) -> Option<String> {
        let mut header = Header::new(self.algorithm.jws());
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.clone());
        let token = jsonwebtoken::encode(&header, claims, self.signing.as_ref()?).ok()?;
        (token.len() <= MAX_BYTES).then_some(token)
    }

    /// Checks algorithm and signature and reads the claims. Neither time nor audience is checked yet.
    pub(super) fn open(&self, unverified: &Unverified<'_>) -> Result<Claims, TokenError> {
        if unverified.algorithm != self.algorithm.name() {
            return Err(TokenError::WrongAlgorithm);
        }
        let Unverified {
            message, signature, ..
        } = unverified;
        let verified = jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            &self.verifying,
            self.algorithm.jws(),
        );
        if !verified.unwrap_or(false) {
            return Err(TokenError::BadSignature);
        }
        let claims = from_base64url(unverified.claims).ok_or(TokenError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| TokenError::Malformed)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TokenKey({} {}, retires {:?})",
            self.algorithm.name(),
            self.id,
            self.retires_at
        )
    }
}

/// The first 96 bits of the JWK thumbprint, which is enough to distinguish our own few keys.
fn thumbprint(public: &[u8; 32]) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(public));
    base64url(&sha256(jwk.as_bytes())[..12])
}
