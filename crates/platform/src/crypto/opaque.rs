//! Opaque tokens: random text without content, stored as a digest.

use super::{base64url, from_base64url, same, sha256};
use mainstay_domain::random::{self, Random};
use std::fmt;
use zeroize::Zeroizing;

/// A secret that its owner sees once: an API key, a link in a mail. 256 random bits in base64url after a prefix by
/// which people and secret scanners recognise a leaked token. Wiped on drop, never printed.
#[derive(Clone)]
pub struct OpaqueToken {
    text: Zeroizing<String>,
}

/// The stored form of an [`OpaqueToken`]: its SHA-256. A fast digest is enough for 256 random bits.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl OpaqueToken {
    /// Generates a new token; `prefix` is a text such as `mst_`.
    pub fn mint(prefix: &str, random: &dyn Random) -> Self {
        let secret = Zeroizing::new(random::bytes::<32>(random));
        let body = Zeroizing::new(base64url(&*secret));
        Self {
            text: Zeroizing::new([prefix, body.as_str()].concat()),
        }
    }

    /// Parses a presented token with the given prefix; `None` when it is malformed. Only a lookup of its digest proves
    /// that it was ever issued.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let body = text.strip_prefix(prefix)?;
        // Checked before decoding: the client chooses the length.
        let secret = (body.len() == 43)
            .then(|| from_base64url(body))?
            .map(Zeroizing::new)?;
        (secret.len() == 32).then(|| Self {
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The token as text, to be sent to its owner only.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest to store and look up. It covers the prefix, so one type of token never passes for another.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(sha256(self.text.as_bytes()))
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken(…)")
    }
}

impl TokenDigest {
    /// A digest read from the database.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Compares in constant time.
impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;

    #[test]
    fn a_minted_token_parses_to_the_same_digest() {
        let random = Counting::default();
        let token = OpaqueToken::mint("mst_", &random);
        let parsed = OpaqueToken::parse("mst_", token.text()).unwrap();
        assert_eq!(parsed.digest(), token.digest());
        assert_ne!(OpaqueToken::mint("mst_", &random).digest(), token.digest());
        assert_eq!(token.text().len(), 4 + 43);
    }

    #[test]
    fn one_type_of_token_does_not_pass_for_another() {
        let token = OpaqueToken::mint("mst_", &Counting::default());
        assert!(OpaqueToken::parse("mrs_", token.text()).is_none());
        let renamed = token.text().replace("mst_", "mrs_");
        assert_ne!(
            OpaqueToken::parse("mrs_", &renamed).unwrap().digest(),
            token.digest()
        );
    }

    #[test]
    fn neither_token_nor_digest_is_printed() {
        let token = OpaqueToken::mint("mst_", &Counting::default());
        assert_eq!(
            format!("{token:?} {:?}", token.digest()),
            "OpaqueToken(…) TokenDigest(…)"
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_accepts_one_encoding(text in "(mst_)?[A-Za-z0-9_=+/ -]{0,50}") {
            if let Some(token) = OpaqueToken::parse("mst_", &text) {
                prop_assert_eq!(token.text(), &text);
                prop_assert_eq!(base64url(&from_base64url(&text[4..]).unwrap()), &text[4..]);
            }
        }
    }
}
