//! A person's name.

use crate::validation::Invalid;
use serde::{Deserialize, Serialize};

/// How a person wants to be called: 1 to 100 characters, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Makes a name of outside text.
    ///
    /// # Errors
    /// `REQUIRED`, `LENGTH` or `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        crate::text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// A name that was stored, and therefore checked before.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
