//! ISO 4217 currencies.

use crate::string_enum::StoredAsText;
use crate::validation::Invalid;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An ISO 4217 currency that has a minor unit: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses an ISO 4217 code; capital letters only, as the standard writes them.
    ///
    /// # Errors
    /// `UNKNOWN_CURRENCY` for a code that is not in the standard or has no minor unit (gold, test codes).
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let known = iso_currency::Currency::from_code(code).filter(|currency| currency.exponent().is_some());
        match (known, code.as_bytes()) {
            (Some(_), &[a, b, c]) if code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self([a, b, c])),
            _ => Err(Invalid::new(
                "UNKNOWN_CURRENCY",
                "must be an ISO 4217 code such as USD",
            )),
        }
    }

    /// The ISO 4217 code: three capital letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("made of ASCII letters only")
    }

    /// How many digits the minor unit has: 2 for USD, 0 for JPY.
    pub fn exponent(&self) -> u16 {
        iso_currency::Currency::from_code(self.code())
            .and_then(|currency| currency.exponent())
            .unwrap_or(2)
    }
}

impl StoredAsText for Currency {
    const EXPECTED: &'static str = "three capital letters";

    fn from_stored(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(letters))
    }

    fn as_stored(&self) -> &str {
        self.code()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}
