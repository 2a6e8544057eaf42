//! Whether a secret seems to be drawn at random.
//!
//! A text does not reveal how it was made. But keys that people type, copy from a page or pad to the required length
//! repeat themselves, count up, or hold known words, and random ones practically never do: the
//! estimate below is far above its limit for 32 random hexadecimal digits already.

use std::collections::BTreeSet;

/// A secret of fewer bits than this can be guessed, whatever its length.
const MIN_BITS: usize = 64;
/// The bits a repetition costs: its start and its length.
const BITS_OF_A_REPETITION: usize = 6;
/// Shorter repetitions happen by chance.
const MIN_REPETITION: usize = 3;

/// Words of examples and placeholders, in lower case. Each is long enough not to occur by chance.
const PLACEHOLDERS: [&str; 24] = [
    "a-string-secret-at-least-256-bits-long",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "replace-me",
    "replace_me",
    "replaceme",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "placeholder",
    "passphrase",
    "password",
    "supersecret",
    "super-secret",
    "super_secret",
    "jwt_secret",
    "jwt-secret",
    "jwtsecret",
    "secret",
    "example",
    "default",
    "mainstay",
];

/// Default passwords of programs and documentation.
const DEFAULT_PASSWORDS: [&str; 12] = [
    "admin", "changeit", "changeme", "default", "example", "mainstay", "password", "postgres", "root",
    "secret", "test", "123456",
];

/// Why a secret text can be guessed, or `None`.
pub(super) fn weakness_of_text(secret: &str) -> Option<&'static str> {
    let mut rest = secret.to_lowercase();
    for word in PLACEHOLDERS {
        rest = rest.replace(word, "");
    }
    let (whole, rest) = (bits(secret.to_lowercase().as_bytes()), bits(rest.as_bytes()));
    match (whole < MIN_BITS, rest < MIN_BITS) {
        (true, _) => Some("it repeats itself or counts up, so that it can be guessed"),
        (_, true) => Some("it is made of words that examples and placeholders use"),
        _ => None,
    }
}

/// Why 32 bytes that should be random can be guessed, or `None`.
pub(super) fn weakness_of_key(key: &[u8]) -> Option<&'static str> {
    if bits(key) < MIN_BITS {
        return Some("its bytes repeat themselves or count up, so that it can be guessed");
    }
    let is_text = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    is_text.then_some("its bytes are a text and not random, so that it can be guessed")
}

/// Whether a password is a known default of programs or documentation.
pub(super) fn is_default_password(password: &str) -> bool {
    DEFAULT_PASSWORDS.contains(&password.to_lowercase().as_str())
}

/// A lower estimate of the bits needed to describe the bytes, given the ones before them: a byte costs as
/// much as the variety of the bytes; a byte that continues the step of the two before it, or a repetition, costs less.
fn bits(bytes: &[u8]) -> usize {
    let variety = bytes.iter().collect::<BTreeSet<_>>().len().max(1).ilog2();
    let (mut at, mut total) = (0, 0);
    while at < bytes.len() {
        match repetition(bytes, at) {
            length if length >= MIN_REPETITION => {
                total += BITS_OF_A_REPETITION;
                at += length;
            }
            _ => {
                total += if goes_on(bytes, at) { 0 } else { variety as usize };
                at += 1;
            }
        }
    }
    total
}

/// The length of the longest match between the bytes at a position and any earlier ones; a match may overlap itself.
fn repetition(bytes: &[u8], at: usize) -> usize {
    let common = |from: usize| {
        let pairs = bytes[from..].iter().zip(&bytes[at..]);
        pairs.take_while(|(one, other)| one == other).count()
    };
    (0..at).map(common).max().unwrap_or(0)
}

/// Whether the step to a byte equals the step before it.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    at >= 2 && bytes[at].wrapping_sub(bytes[at - 1]) == bytes[at - 1].wrapping_sub(bytes[at - 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_people_make_up_are_weak() {
        for text in [
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "abababababababababababababababab",
            "hunter2hunter2hunter2hunter2hunter2",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "0123456789012345678901234567890123456789",
            "passwordpasswordpasswordpassword",
            "changeme-changeme-changeme-changeme",
            "Super-Secret-JWT_SECRET-change-me!!",
            "a-string-secret-at-least-256-bits-long",
            "your-256-bit-secret-your-256-bit-secret",
        ] {
            assert!(weakness_of_text(text).is_some(), "{text}");
        }
        assert_eq!(
            weakness_of_text("mainstay-prod-0b9d7c1e5a3f8426b7d1c09e6f52a843"),
            None
        );
    }

    #[test]
    fn keys_that_people_make_up_are_weak() {
        let counting: Vec<u8> = (0..32).collect();
        let steps: Vec<u8> = (0..32).map(|n: u8| n.wrapping_mul(7)).collect();
        let few: Vec<u8> = (0..32).map(|n: u8| n % 4).collect();
        let twice = [&[9, 250, 3, 77, 18, 4, 99, 200, 1, 2, 83, 5, 60, 7, 8, 140][..]; 2].concat();
        for key in [
            &[0; 32][..],
            &[0xff; 32],
            &counting,
            &steps,
            &few,
            b"this is a key of thirty-two byte",
            b"0123456789abcdef0123456789abcdef",
            &twice[..16].repeat(2)[..8].repeat(4),
        ] {
            assert!(weakness_of_key(key).is_some(), "{key:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_keys_are_not_weak(seed: [[u8; 8]; 4]) {
            // Proptest itself draws small numbers and zeros too often for random bytes.
            let key: Vec<u8> = crate::crypto::sha256(&seed.concat()).to_vec();
            prop_assert_eq!(weakness_of_key(&key), None);
            let hex: String = key.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(weakness_of_text(&hex), None, "{}", hex);
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..80), text in ".{0,60}") {
            let _ = (weakness_of_key(&bytes), weakness_of_text(&text));
        }
    }
}
