//! A person's name.

use crate::validation::Invalid;
use serde::{Deserialize, Serialize};

/// A user's display name: 1 to 100 characters, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Parses a name from untrusted text.
    ///
    /// # Errors
    /// `REQUIRED`, `LENGTH` or `FORMAT`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        crate::text::line(text, Self::MAX_CHARS).map(Self)
    }

    /// A name read from the database, where only checked names are stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
