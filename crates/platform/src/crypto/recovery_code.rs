//! Recovery codes: what a user writes down, for the day on which the other factors are lost.

use super::opaque::TokenDigest;
use super::sha256;
use mainstay_domain::random::{self, Random};
use std::fmt;
use zeroize::Zeroizing;

/// The digits of Crockford's base32: no letter looks like another or like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The number of characters, five bits each.
const LENGTH: usize = 24;
/// Characters between two dashes.
const GROUP: usize = 4;

/// A recovery code: 120 random bits, written as `7K2M-9QXD-04TB-HZ3W-5RNC-8EVA`. Wiped on drop, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Generates a code.
    pub fn generate(random: &dyn Random) -> Self {
        let bytes = Zeroizing::new(random::bytes::<15>(random));
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        for part in bytes.chunks_exact(5) {
            let bits = part.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for at in (0..8).rev() {
                let digit = usize::try_from(bits >> (at * 5) & 31).expect("five bits fit");
                text.push(char::from(ALPHABET[digit]));
            }
        }
        Self(text)
    }

    /// Parses a code as a user types it: in upper or lower case, with or without blanks and dashes, an O for a zero and an
    /// I or L for a one. `None` when it is no code; only a lookup of its digest proves that it was ever issued.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        for typed in text.chars().filter(|typed| !is_separator(*typed)) {
            let digit = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let is_digit = u8::try_from(digit).is_ok_and(|digit| ALPHABET.contains(&digit));
            if !is_digit || code.len() == LENGTH {
                return None;
            }
            code.push(digit);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// The code as it is shown to its owner, in groups.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / GROUP));
        for (at, digit) in self.0.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(digit);
        }
        text
    }

    /// The digest to store and look up. A fast one is enough for 120 random bits (ASVS 5.0, 6.5.2).
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::from_bytes(sha256(self.0.as_bytes()))
    }
}

/// Blanks and dashes, the typographic ones included.
fn is_separator(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::parse("1K2M-9QXD-04TB-HZ3W-5RNC-8EVA").unwrap();
        for typed in [
            "1k2m9qxd04tbhz3w5rnc8eva",
            " 1K2M 9QXD 04TB HZ3W 5RNC 8EVA ",
            "ik2m-9qxd-o4tb-hz3w-5rnc-8eva",
            "lK2M–9QXD—O4TB\u{2212}HZ3W-5RNC-8EVA",
        ] {
            assert_eq!(RecoveryCode::parse(typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(*code.text(), "1K2M-9QXD-04TB-HZ3W-5RNC-8EVA");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "-",
            "123456",
            "1K2M-9QXD-04TB-HZ3W-5RNC-8EV",
            "1K2M-9QXD-04TB-HZ3W",
            "1K2M-9QXD-04TB-HZ3W-5RNC-8EVAX",
            "1K2M-9QXD-04TB-HZ3W-5RNC-8EVU",
            "1K2M_9QXD_04TB_HZ3W_5RNC_8EVA",
            "１K2M-9QXD-04TB-HZ3W-5RNC-8EVA",
        ] {
            assert_eq!(RecoveryCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_bit_counts() {
        assert_eq!(
            *RecoveryCode::generate(&Fixed(0)).text(),
            "0000-0000-0000-0000-0000-0000"
        );
        assert_eq!(
            *RecoveryCode::generate(&Fixed(255)).text(),
            "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"
        );
        let random = Counting::default();
        let (one, other) = (RecoveryCode::generate(&random), RecoveryCode::generate(&random));
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn nothing_is_printed() {
        assert_eq!(
            format!("{:?}", RecoveryCode::generate(&Fixed(7))),
            "RecoveryCode(…)"
        );
    }

    proptest! {
        #[test]
        fn every_generated_code_is_read_again(byte: u8) {
            let code = RecoveryCode::generate(&Fixed(byte));
            prop_assert_eq!(RecoveryCode::parse(&code.text()), Some(code.clone()));
            prop_assert_eq!(RecoveryCode::parse(&code.text().to_lowercase()), Some(code));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            if let Some(code) = RecoveryCode::parse(&text) {
                prop_assert_eq!(code.text().len(), LENGTH + 3);
            }
        }
    }
}
