//! The outcome of a transaction of which nothing remains.

use super::error::DatabaseError;

/// Why nothing remains of a transaction.
#[derive(Debug)]
pub(super) enum Undone {
    /// The body returned an error of its own, which is in the slot.
    Body {
        /// Whether the body requests another run.
        retryable: bool,
    },
    /// The database failed, whatever the body returned.
    Database(DatabaseError),
}

impl Undone {
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Body { retryable } => *retryable,
            Self::Database(error) => error.is_retryable(),
        }
    }
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}
