//! Takes access tokens apart and assembles forged ones.

use mainstay_platform::crypto::{base64url, from_base64url, hmac_sha256};
use serde_json::Value;

/// The three parts of a token.
#[derive(Clone)]
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) signature: String,
}

impl Jwt {
    /// Decodes a token.
    pub(crate) fn of(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            panic!("no JWT: {token}")
        };
        let read = |part| serde_json::from_slice(&from_base64url(part).unwrap()).unwrap();
        Self {
            header: read(header),
            claims: read(claims),
            signature: signature.to_owned(),
        }
    }

    /// The same token with another value in the header.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// The same token with another claim; `null` removes it.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let claims = self.claims.as_object_mut().unwrap();
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value);
        }
        self
    }

    /// The signed part of the token.
    fn message(&self) -> String {
        format!(
            "{}.{}",
            base64url(self.header.to_string().as_bytes()),
            base64url(self.claims.to_string().as_bytes())
        )
    }

    /// The token with its original signature.
    pub(crate) fn unsigned(&self) -> String {
        format!("{}.{}", self.message(), self.signature)
    }

    /// The token without a signature.
    pub(crate) fn bare(&self) -> String {
        format!("{}.", self.message())
    }

    /// The token signed with HMAC-SHA256.
    pub(crate) fn hs256(&self, secret: &[u8]) -> String {
        let message = self.message();
        let tag = hmac_sha256(secret, message.as_bytes());
        format!("{message}.{}", base64url(&tag))
    }
}
