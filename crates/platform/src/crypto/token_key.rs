//! The keys of access tokens, each with exactly one algorithm.

use super::token::{Claims, MAX_BYTES, TYPE, TokenError, Unverified};
use super::{base64url, from_base64url, sha256};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use mainstay_domain::time::Timestamp;
use serde_json::{Value, json};
use std::fmt;

/// A signing algorithm. A key has exactly one; the token's header is only compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518, 3.4).
    Es256,
    /// HMAC-SHA256 with a shared secret.
    Hs256,
}

impl TokenAlgorithm {
    /// The `alg` in the header of a token: `EdDSA`, `ES256`, `HS256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm of a key pair, by its name; `None` for any other text, and for HS256, whose secret is not stored.
    pub fn of_key_pair(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256]
            .into_iter()
            .find(|one| one.name() == name)
    }

    const fn jws(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Es256 => Algorithm::ES256,
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
    /// Not a key of its algorithm in PKCS#8.
    #[error("not a key of its algorithm in PKCS#8")]
    NotAKey,
}

/// A key that verifies tokens and, unless it is retiring, signs them. Never printed; its bytes are wiped on drop.
#[derive(Clone)]
pub struct TokenKey {
    id: String,
    algorithm: TokenAlgorithm,
    signing: Option<EncodingKey>,
    verifying: DecodingKey,
    /// The key that may be published; a shared secret has none.
    public: Option<Vec<u8>>,
    signs_from: Option<Timestamp>,
    retires_at: Option<Timestamp>,
}

impl TokenKey {
    /// An Ed25519 key pair in PKCS#8. Its id is the start of its JWK thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn eddsa(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::NotAKey)?;
        let public = pair.public_key().as_ref();
        Ok(Self {
            id: thumbprint(&format!(
                r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                base64url(public)
            )),
            algorithm: TokenAlgorithm::EdDsa,
            signing: Some(EncodingKey::from_ed_der(pkcs8)),
            verifying: DecodingKey::from_ed_der(public),
            public: Some(public.to_vec()),
            signs_from: None,
            retires_at: None,
        })
    }

    /// A P-256 key pair in PKCS#8. Its id is the start of its JWK thumbprint (RFC 7638).
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn es256(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        let pair = pair.map_err(|_| KeyError::NotAKey)?;
        let public = pair.public_key().as_ref();
        let (x, y) = coordinates(public).ok_or(KeyError::NotAKey)?;
        Ok(Self {
            id: thumbprint(&format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                base64url(x),
                base64url(y)
            )),
            algorithm: TokenAlgorithm::Es256,
            signing: Some(EncodingKey::from_ec_der(pkcs8)),
            verifying: DecodingKey::from_ec_der(public),
            public: Some(public.to_vec()),
            signs_from: None,
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
            signs_from: None,
            retires_at: None,
        })
    }

    /// The same key, which signs from `instant` on and verifies before that too.
    #[must_use]
    pub fn signing_from(mut self, instant: Timestamp) -> Self {
        self.signs_from = Some(instant);
        self
    }

    /// The same key, accepted only before `instant`; it signs until its successor does.
    #[must_use]
    pub fn accepted_until(mut self, instant: Timestamp) -> Self {
        self.retires_at = Some(instant);
        self
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

    /// The public key: 32 bytes for EdDSA, an uncompressed point of 65 bytes for ES256 (SEC 1, 2.3.3); `None` for a
    /// shared secret, which has none.
    pub fn public(&self) -> Option<&[u8]> {
        self.public.as_deref()
    }

    /// The public key as a JSON Web Key (RFC 7517; RFC 8037, 2; RFC 7518, 6.2); `None` for a shared secret.
    pub fn jwk(&self) -> Option<Value> {
        let public = self.public()?;
        let mut jwk = match self.algorithm {
            TokenAlgorithm::EdDsa => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}),
            TokenAlgorithm::Es256 => {
                let (x, y) = coordinates(public)?;
                json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
            }
            TokenAlgorithm::Hs256 => return None,
        };
        jwk["kid"] = self.id.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.name().into();
        Some(jwk)
    }

    /// When it begins to sign; `None` if it always did.
    pub(super) fn signs_from(&self) -> Option<Timestamp> {
        self.signs_from
    }

    /// Whether it has what signing needs.
    pub(super) fn can_sign(&self) -> bool {
        self.signing.is_some()
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

/// The two coordinates of an uncompressed point of P-256.
fn coordinates(public: &[u8]) -> Option<(&[u8], &[u8])> {
    let point: &[u8; 65] = public.try_into().ok()?;
    (point[0] == 4).then(|| point[1..].split_at(32))
}

/// The first 96 bits of the thumbprint of a JWK, which is enough to distinguish our own few keys.
fn thumbprint(jwk: &str) -> String {
    base64url(&sha256(jwk.as_bytes())[..12])
}
