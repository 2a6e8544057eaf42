//! What a rule finds.

/// One broken rule: where, why it matters, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) reason: String,
    pub(crate) fix: String,
}

impl Fault {
    /// A fault at a line of a file.
    pub(crate) fn at(path: &str, line: usize, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            reason: reason.into(),
            fix: fix.into(),
        }
    }
}
