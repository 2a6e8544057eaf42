//! Opaque tokens: random text that means nothing, kept as its digest.

use super::{base64url, from_base64url, same, sha256};
use mainstay_domain::random::{self, Random};
use std::fmt;
use zeroize::Zeroizing;

/// A secret shown once: an API key, a link in a mail. 256 random bits in base64url after a prefix that tells
/// people and secret scanners what was leaked. Wiped on drop, never printed.
#[derive(Clone)]
pub struct OpaqueToken {
    text: Zeroizing<String>,
}

/// What is stored of an [`OpaqueToken`]: its SHA-256. A fast digest is enough for 256 random bits.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl OpaqueToken {
    /// Draws a new token; `prefix` is such as `mst_`.
    pub fn mint(prefix: &str, random: &dyn Random) -> Self {
        let secret = Zeroizing::new(random::bytes::<32>(random));
        let body = Zeroizing::new(base64url(&*secret));
        Self {
            text: Zeroizing::new([prefix, body.as_str()].concat()),
        }
    }

    /// Reads a presented token of the kind that `prefix` says; `None` when it cannot be one. Whether it was ever
    /// handed out, only its digest tells.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let body = text.strip_prefix(prefix)?;
        // Checked before decoding: outsiders choose the length.
        let secret = (body.len() == 43)
            .then(|| from_base64url(body))?
            .map(Zeroizing::new)?;
        (secret.len() == 32).then(|| Self {
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// The token, to be handed to its owner and nobody else.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What to store and look up. The prefix is part of it, so one kind never passes for another.
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
    /// A stored digest.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In constant time.
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
    fn a_minted_token_reads_back_as_itself() {
        let random = Counting::default();
        let token = OpaqueToken::mint("mst_", &random);
        let read = OpaqueToken::parse("mst_", token.text()).unwrap();
        assert_eq!(read.digest(), token.digest());
        assert_ne!(OpaqueToken::mint("mst_", &random).digest(), token.digest());
        assert_eq!(token.text().len(), 4 + 43);
    }

    #[test]
    fn one_kind_does_not_pass_for_another() {
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
        fn reading_never_panics_and_reads_one_spelling(text in "(mst_)?[A-Za-z0-9_=+/ -]{0,50}") {
            if let Some(token) = OpaqueToken::parse("mst_", &text) {
                prop_assert_eq!(token.text(), &text);
                prop_assert_eq!(base64url(&from_base64url(&text[4..]).unwrap()), &text[4..]);
            }
        }
    }
}
