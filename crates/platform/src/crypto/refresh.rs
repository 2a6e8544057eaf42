//! Refresh tokens: they contain their session and generation, and a proof of both.
//!
//! Nothing is stored per token. A session stores one random seed (sealed) and the number of its current generation;
//! every token of it can be computed again, so a reused token is recognised however old it is.

use super::{base64url, from_base64url, same};
use aws_lc_rs::hmac;
use mainstay_domain::id::SessionId;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The prefix of every refresh token.
pub const PREFIX: &str = "mrt_";

const RAW_LEN: usize = 16 + 4 + 32;
/// The 52 bytes in base64url.
const BODY_LEN: usize = 70;

/// A refresh token. Wiped on drop, never printed.
#[derive(Clone)]
pub struct RefreshToken {
    session: SessionId,
    generation: u32,
    secret: Zeroizing<[u8; 32]>,
}

impl RefreshToken {
    /// The token of a session's generation; the same three inputs always give the same token.
    pub fn mint(session: SessionId, generation: u32, seed: &[u8; 32]) -> Self {
        Self {
            session,
            generation,
            secret: secret(session, generation, seed),
        }
    }

    /// Parses `mrt_` and base64url of session, generation and secret; `None` for anything else. The content is
    /// untrusted until [`RefreshToken::matches`] confirms it.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX).filter(|body| body.len() == BODY_LEN)?;
        let raw = Zeroizing::new(from_base64url(body)?);
        let raw: &[u8; RAW_LEN] = raw.as_slice().try_into().ok()?;
        let (session, rest) = raw.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        Some(Self {
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            generation: u32::from_be_bytes(*generation),
            secret: Zeroizing::new(secret.try_into().ok()?),
        })
    }

    /// Whether this is the token that [`RefreshToken::mint`] makes from `seed`. Compares in constant time.
    pub fn matches(&self, seed: &[u8; 32]) -> bool {
        same(&*secret(self.session, self.generation, seed), &*self.secret)
    }

    /// The session that it claims to belong to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The generation that it claims: how many tokens of the session came before.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The token as text, to be sent to its owner only.
    pub fn text(&self) -> Zeroizing<String> {
        let mut raw = Zeroizing::new([0; RAW_LEN]);
        raw[..16].copy_from_slice(self.session.uuid().as_bytes());
        raw[16..20].copy_from_slice(&self.generation.to_be_bytes());
        raw[20..].copy_from_slice(&*self.secret);
        let body = Zeroizing::new(base64url(&*raw));
        Zeroizing::new([PREFIX, body.as_str()].concat())
    }
}

/// HMAC-SHA256 under the session's seed over `refresh`, session and generation, each of fixed length.
fn secret(session: SessionId, generation: u32, seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, seed));
    context.update(b"refresh");
    context.update(session.uuid().as_bytes());
    context.update(&generation.to_be_bytes());
    let mut out = Zeroizing::new([0; 32]);
    out.copy_from_slice(context.sign().as_ref());
    out
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RefreshToken({}, generation {})",
            self.session, self.generation
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session(n: u128) -> SessionId {
        SessionId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_forged_token_does_not_match() {
        let seed = [7; 32];
        let token = RefreshToken::mint(session(1), 5, &seed);
        assert!(token.matches(&seed));
        assert!(!token.matches(&[8; 32]), "another session's seed");
        let next = RefreshToken {
            generation: 6,
            ..token.clone()
        };
        assert!(!next.matches(&seed), "one generation further with the old secret");
        let elsewhere = RefreshToken {
            session: session(2),
            ..token
        };
        assert!(!elsewhere.matches(&seed), "another session with the old secret");
    }

    #[test]
    fn a_token_with_a_changed_character_does_not_match() {
        let seed = [7; 32];
        let text = RefreshToken::mint(session(1), 5, &seed).text();
        for index in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(
                !RefreshToken::parse(&changed).is_some_and(|token| token.matches(&seed)),
                "{index}"
            );
        }
    }

    #[test]
    fn an_access_token_is_not_a_refresh_token() {
        for text in [
            "",
            "mrt_",
            "eyJhbGciOiJFZERTQSJ9.e30.c2ln",
            "mrt_eyJhbGciOiJFZERTQSJ9.e30.c2ln",
        ] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        let token = RefreshToken::mint(session(1), 5, &[7; 32]);
        let printed = format!("{token:?}");
        assert_eq!(
            printed,
            "RefreshToken(00000000-0000-0000-0000-000000000001, generation 5)"
        );
    }

    proptest! {
        #[test]
        fn a_minted_token_parses_to_the_same_values(id: u128, generation: u32, seed: [u8; 32]) {
            let text = RefreshToken::mint(session(id), generation, &seed).text();
            let parsed = RefreshToken::parse(&text).unwrap();
            prop_assert_eq!((parsed.session(), parsed.generation()), (session(id), generation));
            prop_assert!(parsed.matches(&seed));
            prop_assert_eq!(parsed.text(), text);
        }

        #[test]
        fn parsing_never_panics_and_accepts_one_encoding(text in "(mrt_)?[A-Za-z0-9_=-]{66,74}|.{0,80}") {
            if let Some(token) = RefreshToken::parse(&text) {
                prop_assert!(*token.text() == text);
            }
        }
    }
}
