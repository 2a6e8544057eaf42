//! What can go wrong at the database, in words that hold for both engines.

use super::conflict::Conflict;

/// Why a statement or a transaction failed. Cloned when one failed COMMIT has several waiters.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The database cannot be reached, or there was no room within the limit of waiting. Nothing is known to be
    /// changed, except where `what` says that the outcome of a COMMIT is unknown.
    #[error("the database is unavailable: {what}")]
    Unavailable {
        /// What was tried, and the driver's words.
        what: String,
    },
    /// A statement ran longer than the limit and was stopped.
    #[error("a statement took too long and was stopped: {sql}")]
    Timeout {
        /// The statement's text, without values.
        sql: String,
    },
    /// A value that must be unique exists already.
    #[error("{0}")]
    Conflict(Conflict),
    /// A row points to one that does not exist, or one that is pointed to was to go.
    #[error("a reference would dangle{}", named(.constraint.as_deref()))]
    ForeignKey {
        /// The constraint's name; SQLite does not tell it.
        constraint: Option<String>,
    },
    /// A CHECK or NOT NULL constraint refused a value.
    #[error("a check refused a value: {constraint}")]
    Check {
        /// The constraint's name, or `table.column` for NOT NULL.
        constraint: String,
    },
    /// Another transaction was in the way; running this one again can succeed. The seam has done so already.
    #[error("another transaction was in the way: {reason}")]
    Serialization {
        /// The driver's words.
        reason: String,
    },
    /// A body asks to be run again, on either engine. Seen by a caller only when ten runs did not suffice.
    #[error("the transaction asked too often to be run again")]
    Retry,
    /// The disk is full.
    #[error("the database has no room left: {reason}")]
    Full {
        /// The driver's words.
        reason: String,
    },
    /// The database, its file or its server takes no changes.
    #[error("the database is read-only: {reason}")]
    ReadOnly {
        /// The driver's words.
        reason: String,
    },
    /// The disk or the file failed.
    #[error("the database's storage failed: {reason}")]
    Io {
        /// The driver's words.
        reason: String,
    },
    /// A body that was given a snapshot to read tried to change something: a mistake in the program.
    #[error("a reading transaction tried to write: {sql}")]
    WriteInRead {
        /// The statement's text, without values.
        sql: String,
    },
    /// A transaction waited for something else than its database: a mistake in the program. It was undone.
    #[error("a transaction waited for something else than its database, and was undone")]
    WaitedElsewhere,
    /// The engine gave up the whole transaction below the seam; nothing of it remains.
    #[error("the transaction was lost: {reason}")]
    LostTransaction {
        /// What ended it.
        reason: String,
    },
    /// COMMIT was refused; nothing of the transaction remains.
    #[error("the commit failed: {reason}")]
    CommitFailed {
        /// The driver's words.
        reason: String,
    },
    /// A statement of this transaction failed and the body went on all the same; nothing of it remains.
    #[error("the transaction cannot go on after a failed statement: {first}")]
    FailedBefore {
        /// The failure that was passed over.
        first: Box<Self>,
    },
    /// The body panicked; its transaction was undone. The panic itself is in the log.
    #[error("the transaction panicked and was undone: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// Exactly one row was expected and there was none.
    #[error("no row where one was expected: {sql}")]
    NoRow {
        /// The statement's text, without values.
        sql: String,
    },
    /// A column does not hold what the program expects: a mistake in the program or the schema.
    #[error("column {column} of the answer: wanted {wanted}, found {found}")]
    Decode {
        /// Position in the row, from 1.
        column: usize,
        /// What the program wanted.
        wanted: &'static str,
        /// What was there.
        found: &'static str,
    },
    /// The engine refused a statement: a mistake in the program or the schema.
    #[error("the database refused a statement ({code}): {message}: {sql}")]
    Statement {
        /// SQLSTATE on PostgreSQL, extended result code on SQLite.
        code: String,
        /// The driver's words.
        message: String,
        /// The statement's text, without values.
        sql: String,
    },
    /// The configuration names no database that can be opened.
    #[error("the database cannot be configured: {reason}")]
    Options {
        /// What is wrong with it.
        reason: String,
    },
}

fn named(constraint: Option<&str>) -> String {
    constraint.map(|name| format!(": {name}")).unwrap_or_default()
}

impl DatabaseError {
    pub(crate) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into() }
    }

    /// Whether running the same transaction again can succeed at once.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Serialization { .. } | Self::Retry => true,
            Self::FailedBefore { first } => first.is_retryable(),
            _ => false,
        }
    }

    /// Whether the fault lies with the database or its load rather than with the request or the program:
    /// a client should be told to come back later (503).
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::Serialization { .. }
            | Self::Retry
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Io { .. }
            | Self::LostTransaction { .. }
            | Self::CommitFailed { .. } => true,
            Self::FailedBefore { first } => first.is_unavailable(),
            _ => false,
        }
    }

    /// Whether the storage refused a change: the next change will be refused too, until an administrator makes room or
    /// gives the right back.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        match self {
            Self::Full { .. } | Self::ReadOnly { .. } | Self::Io { .. } | Self::CommitFailed { .. } => true,
            Self::FailedBefore { first } => first.is_storage_failure(),
            _ => false,
        }
    }

    /// The conflict, if this is one.
    #[must_use]
    pub fn conflict(&self) -> Option<&Conflict> {
        match self {
            Self::Conflict(conflict) => Some(conflict),
            _ => None,
        }
    }
}

/// How the seam looks through a body's own error type for a failure of the database that asks for another run.
pub trait Retryable {
    /// The database's error, if that is what this error is about.
    fn database(&self) -> Option<&DatabaseError>;
}

impl Retryable for DatabaseError {
    fn database(&self) -> Option<&DatabaseError> {
        Some(self)
    }
}
