//! Values within bounds that their types name: what is deserialized into a field is valid, and needs no check of its
//! own.

use crate::text;
use crate::validation::Invalid;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text of at most `MAX` characters in Unicode normalization form C, trimmed. It may be empty and may contain line
/// breaks; see [`text::paragraph`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Validates and normalizes a text.
    ///
    /// # Errors
    /// `LENGTH` or `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text::paragraph(text, MAX).map(Self)
    }

    /// A text that was stored as one of this type.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// Validates a number.
    ///
    /// # Errors
    /// `RANGE`.
    pub fn parse(number: i64) -> Result<Self, Invalid> {
        match (MIN..=MAX).contains(&number) {
            true => Ok(Self(number)),
            false => Err(Invalid::new(
                "RANGE",
                format!("must be a whole number from {MIN} to {MAX}"),
            )),
        }
    }

    /// A number that was stored as one of this type.
    pub fn stored(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_deserialized_is_within_the_bounds() {
        let text = |value: &str| serde_json::from_value::<Text<5>>(json!(value)).map(|text| text.to_string());
        assert_eq!(text("  tea \n").unwrap(), "tea");
        assert_eq!(text("e\u{301}").unwrap(), "é");
        assert!(text("coffee").unwrap_err().to_string().contains("at most 5"));
        assert!(text("a\0b").is_err());
        let whole = |value| serde_json::from_value::<Whole<1, 5>>(json!(value)).map(Whole::number);
        assert_eq!((whole(1).unwrap(), whole(5).unwrap()), (1, 5));
        for outside in [0, 6, i64::MIN] {
            assert!(whole(outside).unwrap_err().to_string().contains("from 1 to 5"));
        }
    }
}
