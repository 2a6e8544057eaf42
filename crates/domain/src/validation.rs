//! Validation errors: everything that is wrong with an input, collected before it is reported.

use serde::Serialize;
use std::borrow::Cow;

/// A validation error: what is wrong with an input, and in which field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The path into the body: `items[0].quantity`.
    pub path: String,
    /// Stable code: `REQUIRED`, `RANGE`, `FORMAT`, `LENGTH`, `UNKNOWN_FIELD`, `TYPE`, ... Owned only where it was read
    /// from a stored answer.
    pub code: Cow<'static, str>,
    /// Explanation for people, in English.
    pub message: String,
}

/// Maximum length of a path or a message, in bytes. Both may contain a name that the client made up.
const MAX_BYTES: usize = 300;

impl FieldError {
    /// A validation error with the given code at the given path. Long paths and messages are truncated.
    pub fn new(
        path: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            path: short(path.into()),
            code: code.into(),
            message: short(message.into()),
        }
    }
}

fn short(mut text: String) -> String {
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Why a value is invalid; [`ValidationErrors::take`] adds the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Stable code, as in [`FieldError::code`].
    pub code: &'static str,
    /// Explanation for people, in English.
    pub message: String,
}

impl Invalid {
    /// An error with the given code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Collects all validation errors of an input before they are reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidationErrors(Vec<FieldError>);

impl ValidationErrors {
    /// Maximum number of errors that are collected; further ones are dropped. Equals the maximum number of lines of
    /// an order.
    pub const MAX_COUNT: usize = 100;

    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single validation error.
    pub fn one(
        path: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self(vec![FieldError::new(path, code, message)])
    }

    /// Adds an error, unless there are [`ValidationErrors::MAX_COUNT`] already.
    pub fn add(
        &mut self,
        path: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) {
        if self.0.len() < Self::MAX_COUNT {
            self.0.push(FieldError::new(path, code, message));
        }
    }

    /// Returns the value, or adds the error and returns `None`.
    pub fn take<T>(&mut self, path: impl Into<String>, value: Result<T, Invalid>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.add(path, invalid.code, invalid.message);
                None
            }
        }
    }

    /// The same for an optional value.
    pub fn take_optional<T>(
        &mut self,
        path: impl Into<String>,
        value: Option<Result<T, Invalid>>,
    ) -> Option<T> {
        value.and_then(|value| self.take(path, value))
    }

    /// True when no error was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every error, in the order they were added.
    pub fn list(&self) -> &[FieldError] {
        &self.0
    }

    /// Ends the collection: `Ok` when there is no error.
    ///
    /// # Errors
    /// Itself, when it is not empty.
    pub fn check(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Ends the collection with the value that required all the others.
    ///
    /// # Errors
    /// Itself, when it is not empty or the value could not be made.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_or_very_long_errors_are_truncated() {
        let mut errors = ValidationErrors::new();
        for n in 0..=ValidationErrors::MAX_COUNT {
            errors.add(format!("{n}{}", "ä".repeat(400)), "FORMAT", "x".repeat(400));
        }
        assert_eq!(errors.list().len(), ValidationErrors::MAX_COUNT);
        let error = &errors.list()[0];
        assert!(error.path.starts_with("0ä") && error.path.ends_with("ä…"));
        assert!(error.path.len() <= MAX_BYTES + 3 && error.message.len() <= MAX_BYTES + 3);
    }
}
