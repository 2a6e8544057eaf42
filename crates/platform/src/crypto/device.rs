//! What a browser keeps so that it is recognised at its next sign-in: a random id with a proof that Mainstay made it.
//!
//! It proves nothing about the user, and stands for no secret that is stored: who reads the database cannot make one.

use super::{base64url, from_base64url, hmac_sha256, same};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The prefix of every device token.
pub const PREFIX: &str = "mdv_";
/// The label that its key is derived from the master key by.
pub const KEY_LABEL: &str = "device-token";

const RAW_LEN: usize = 16 + 32;
/// The 48 bytes in base64url.
const BODY_LEN: usize = 64;

/// The token of a browser: `mdv_` and base64url of its id and of the HMAC-SHA256 of that under `key`.
pub fn mint(browser: Uuid, key: &[u8; 32]) -> Zeroizing<String> {
    let proof = hmac_sha256(key, browser.as_bytes());
    let raw = Zeroizing::new([browser.as_bytes().as_slice(), &proof].concat());
    Zeroizing::new([PREFIX, &base64url(&raw)].concat())
}

/// The browser that a token names, if it was made under one of the keys; compares in constant time.
pub fn open(text: &str, keys: &[Zeroizing<[u8; 32]>]) -> Option<Uuid> {
    let body = text.strip_prefix(PREFIX).filter(|body| body.len() == BODY_LEN)?;
    let raw = Zeroizing::new(from_base64url(body)?);
    let raw: &[u8; RAW_LEN] = raw.as_slice().try_into().ok()?;
    let (browser, proof) = raw.split_first_chunk::<16>()?;
    let is_ours = keys.iter().any(|key| same(&hmac_sha256(&**key, browser), proof));
    is_ours.then(|| Uuid::from_bytes(*browser))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> Zeroizing<[u8; 32]> {
        Zeroizing::new([byte; 32])
    }

    #[test]
    fn a_token_names_its_browser_to_the_holder_of_its_key() {
        let browser = Uuid::from_u128(7);
        let token = mint(browser, &key(1));
        assert_eq!(open(&token, &[key(1)]), Some(browser));
        assert_eq!(open(&token, &[key(2), key(1)]), Some(browser), "a previous key");
        assert_eq!(open(&token, &[key(2)]), None);
        assert_eq!(open(&token, &[]), None);
        for index in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(open(&changed, &[key(1)]), None, "{index}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_accepts_one_encoding(text in "(mdv_)?[A-Za-z0-9_=-]{60,68}|.{0,80}") {
            prop_assert_eq!(open(&text, &[key(1)]), None);
        }
    }
}
