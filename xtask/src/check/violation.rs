//! A violation of a rule.

/// A violation: where it is, the reason, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) path: String,
    /// Line number, from 1.
    pub(crate) line: usize,
    pub(crate) reason: String,
    pub(crate) fix: String,
}

impl Violation {
    /// A violation at a line of a file.
    pub(crate) fn at(path: &str, line: usize, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            reason: reason.into(),
            fix: fix.into(),
        }
    }
}
