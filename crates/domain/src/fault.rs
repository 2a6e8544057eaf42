//! What is wrong with an input, all of it at once.

use serde::Serialize;

/// One thing wrong with an input, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a path into the body: `items[0].quantity`.
    pub path: String,
    /// What kind, stable: `REQUIRED`, `RANGE`, `FORMAT`, `LENGTH`, `UNKNOWN_FIELD`, `TYPE`, ...
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// Bytes of a place or a message that are kept. Both may have a name in them that the client made up.
const LONGEST: usize = 300;

impl Fault {
    /// A fault of the given kind at the given place. Of a very long place or message only the beginning is kept.
    pub fn new(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            path: short(path.into()),
            code,
            message: short(message.into()),
        }
    }
}

fn short(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Why a value could not be made; [`Faults::take`] adds the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Flaw {
    /// The stable kind, as in [`Fault::code`].
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

impl Flaw {
    /// A flaw of the given kind.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Collects every fault of an input before the first is reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// So many faults are kept; who made more has enough to do. As many as an order may have lines.
    pub const MOST: usize = 100;

    /// Nothing wrong so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single fault, as a whole result.
    pub fn one(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self(vec![Fault::new(path, code, message)])
    }

    /// Notes a fault, unless there are [`Faults::MOST`] already.
    pub fn add(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < Self::MOST {
            self.0.push(Fault::new(path, code, message));
        }
    }

    /// Keeps the value, or notes why there is none.
    pub fn take<T>(&mut self, path: impl Into<String>, value: Result<T, Flaw>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(flaw) => {
                self.add(path, flaw.code, flaw.message);
                None
            }
        }
    }

    /// The same for a value that may be left out.
    pub fn take_optional<T>(&mut self, path: impl Into<String>, value: Option<Result<T, Flaw>>) -> Option<T> {
        value.and_then(|value| self.take(path, value))
    }

    /// True when nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every fault, in the order found.
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    /// Ends the collecting: `Ok` when there was no fault.
    ///
    /// # Errors
    /// Itself, when it is not empty.
    pub fn check(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Ends the collecting with the value that needed all the others.
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
    fn whoever_makes_very_many_or_very_long_faults_is_told_some_of_it() {
        let mut faults = Faults::new();
        for n in 0..=Faults::MOST {
            faults.add(format!("{n}{}", "ä".repeat(400)), "FORMAT", "x".repeat(400));
        }
        assert_eq!(faults.list().len(), Faults::MOST);
        let fault = &faults.list()[0];
        assert!(fault.path.starts_with("0ä") && fault.path.ends_with("ä…"));
        assert!(fault.path.len() <= LONGEST + 3 && fault.message.len() <= LONGEST + 3);
    }
}
