//! The form of lines on the console.

/// The form of lines on the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Json,
    Pretty { colour: bool },
}
