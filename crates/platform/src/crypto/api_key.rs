//! API keys as text: recognisable, and with a checksum, so that a typo is refused and a scanner for leaked secrets is
//! sure of what it found without asking a server.

use super::opaque::TokenDigest;
use super::sha256;
use mainstay_domain::random::{self, Random};
use std::fmt;
use zeroize::Zeroizing;

/// What every API key begins with.
const PREFIX: &str = "msk_";
/// 43 digits to the base 62 hold 256 bits.
const SECRET_DIGITS: usize = 43;
/// 6 digits to the base 62 hold 32 bits.
const CHECKSUM_DIGITS: usize = 6;
/// Letters and digits alone: a double click selects the whole key.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key in plain text: `msk_`, 256 random bits to the base 62, and the CRC-32 of both. Wiped on drop, never
/// printed.
pub struct ApiKeySecret(Zeroizing<String>);

impl ApiKeySecret {
    /// Whether a text claims to be an API key. No access token begins like one.
    pub fn is_claimed_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Generates a new key.
    pub fn mint(random: &dyn Random) -> Self {
        let secret = Zeroizing::new(random::bytes::<32>(random));
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX.len() + SECRET_DIGITS + CHECKSUM_DIGITS,
        ));
        text.push_str(PREFIX);
        push_digits(&mut text, &*secret, SECRET_DIGITS);
        let checksum = crc32(text.as_bytes()).to_be_bytes();
        push_digits(&mut text, &checksum, CHECKSUM_DIGITS);
        Self(text)
    }

    /// The digest of a presented key; `None` when its form or its checksum is wrong. Only a lookup of the digest proves
    /// that the key was ever issued.
    pub fn digest_of(text: &str) -> Option<TokenDigest> {
        let body = text.strip_prefix(PREFIX)?;
        let is_form = body.len() == SECRET_DIGITS + CHECKSUM_DIGITS
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_form {
            return None;
        }
        let (covered, checksum) = text.split_at(PREFIX.len() + SECRET_DIGITS);
        let mut expected = String::with_capacity(CHECKSUM_DIGITS);
        push_digits(
            &mut expected,
            &crc32(covered.as_bytes()).to_be_bytes(),
            CHECKSUM_DIGITS,
        );
        (expected == checksum).then(|| TokenDigest::from_bytes(sha256(text.as_bytes())))
    }

    /// The key as text, to be sent to its owner only.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The digest to store: SHA-256 of the whole text. A fast digest is enough for 256 random bits.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::from_bytes(sha256(self.0.as_bytes()))
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(…)")
    }
}

/// Appends a number, given as bytes with the highest first, as `count` digits to the base 62.
fn push_digits(text: &mut String, number: &[u8], count: usize) {
    let mut number = Zeroizing::new(number.to_vec());
    let mut digits = Zeroizing::new(vec![0u8; count]);
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0u32;
        for byte in number.iter_mut() {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).expect("a remainder below 62 leaves a quotient of one byte");
            remainder = value % 62;
        }
        *digit = DIGITS[remainder as usize];
    }
    text.extend(digits.iter().map(|digit| char::from(*digit)));
}

/// CRC-32 as in Ethernet and gzip (ISO 3309, polynomial 0xEDB88320 reflected). It finds typos, and protects nothing.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let mask = (crc & 1).wrapping_neg();
            crc = (crc >> 1) ^ (0xEDB8_8320 & mask);
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn numbers_are_written_to_the_base_62() {
        let digits = |number: &[u8], count| {
            let mut text = String::new();
            push_digits(&mut text, number, count);
            text
        };
        assert_eq!(digits(&[61], 2), "0z");
        assert_eq!(digits(&[62], 2), "10");
        assert_eq!(digits(&u32::MAX.to_be_bytes(), 6), "4gfFC3");
        let largest = digits(&[255; 32], 44);
        assert!(
            largest.starts_with('0'),
            "43 digits are enough for 256 bits: {largest}"
        );
    }

    #[test]
    fn a_minted_key_is_recognised_and_each_is_another() {
        let random = Counting::default();
        let key = ApiKeySecret::mint(&random);
        assert_eq!(key.text().len(), 53);
        assert!(ApiKeySecret::is_claimed_by(key.text()));
        assert_eq!(ApiKeySecret::digest_of(key.text()), Some(key.digest()));
        assert_ne!(ApiKeySecret::mint(&random).digest(), key.digest());
        assert_eq!(format!("{key:?}"), "ApiKeySecret(…)");
    }

    #[test]
    fn every_typo_of_one_character_is_refused() {
        let key = ApiKeySecret::mint(&Counting::default());
        for at in 0..key.text().len() {
            for other in ["0", "a", "_", "é", ""] {
                let mut typed = key.text().to_owned();
                typed.replace_range(at..=at, other);
                let is_same = typed == key.text();
                assert_eq!(ApiKeySecret::digest_of(&typed).is_some(), is_same, "{at} {other}");
            }
        }
        assert!(ApiKeySecret::digest_of(&format!("{} ", key.text())).is_none());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(msk_)?[A-Za-z0-9é_-]{0,60}") {
            let _ = ApiKeySecret::digest_of(&text);
        }

        #[test]
        fn every_minted_key_is_accepted(secret in any::<[u8; 32]>()) {
            struct Fixed([u8; 32]);
            impl Random for Fixed {
                fn fill(&self, bytes: &mut [u8]) {
                    bytes.copy_from_slice(&self.0);
                }
            }
            let key = ApiKeySecret::mint(&Fixed(secret));
            prop_assert!(ApiKeySecret::digest_of(key.text()).is_some());
        }
    }
}
