//! Database errors, with the same meaning on both engines.

use super::conflict::Conflict;
use super::sql::Sql;

/// Why a statement or a transaction failed. Cloned when one failed COMMIT has several waiters.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The database cannot be reached, or no connection or queue slot was free within the wait limit. As far as is
    /// known, no change was made, except where `what` says that the outcome of a COMMIT is unknown.
    #[error("the database is unavailable: {what}")]
    Unavailable {
        /// The attempted operation, and the driver's message.
        what: String,
    },
    /// A statement exceeded the time limit and was stopped.
    #[error("a statement took too long and was stopped: {sql}")]
    Timeout {
        /// The statement's text, without values.
        sql: String,
    },
    /// The client that waited for the transaction has stopped waiting; none of its changes remain.
    #[error("the client has stopped waiting")]
    DeadlinePassed,
    /// A unique value exists already.
    #[error("{0}")]
    Conflict(Conflict),
    /// A foreign key violation: a row refers to one that does not exist, or a row still referred to was deleted.
    #[error("a reference would dangle{}", named(.constraint.as_deref()))]
    ForeignKey {
        /// The constraint's name; SQLite does not report it.
        constraint: Option<String>,
    },
    /// A CHECK or NOT NULL constraint refused a value.
    #[error("a check refused a value: {constraint}")]
    Check {
        /// The constraint's name, or `table.column` for NOT NULL.
        constraint: String,
    },
    /// A conflict with another transaction; running this one again can succeed. The database API has already done so.
    #[error("another transaction was in the way: {reason}")]
    Serialization {
        /// The driver's message.
        reason: String,
    },
    /// A body requests another run, on either engine. A caller gets this only when ten runs did not suffice.
    #[error("the transaction asked too often to be run again")]
    Retry,
    /// The disk is full.
    #[error("the database has no room left: {reason}")]
    Full {
        /// The driver's message.
        reason: String,
    },
    /// The database, its file or its server is read-only.
    #[error("the database is read-only: {reason}")]
    ReadOnly {
        /// The driver's message.
        reason: String,
    },
    /// The disk or the file failed.
    #[error("the database's storage failed: {reason}")]
    Io {
        /// The driver's message.
        reason: String,
    },
    /// A read-only body tried to change data: a bug in the program.
    #[error("a reading transaction tried to write: {sql}")]
    WriteInRead {
        /// The statement's text, without values.
        sql: String,
    },
    /// A transaction awaited something other than its database: a bug in the program. It was rolled back.
    #[error("a transaction waited for something else than its database, and was undone")]
    WaitedElsewhere,
    /// The engine rolled back the whole transaction on its own; none of its changes remain.
    #[error("the transaction was lost: {reason}")]
    LostTransaction {
        /// What ended the transaction.
        reason: String,
    },
    /// COMMIT was refused; none of the transaction's changes remain.
    #[error("the commit failed: {reason}")]
    CommitFailed {
        /// The driver's message.
        reason: String,
    },
    /// A statement of this transaction failed and the body continued regardless; none of its changes remain.
    #[error("the transaction cannot go on after a failed statement: {first}")]
    FailedBefore {
        /// The error that the body ignored.
        first: Box<Self>,
    },
    /// The body panicked; its transaction was rolled back. The panic itself is in the log.
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
    /// A column does not hold the expected type: a bug in the program or the schema.
    #[error("column {column} of the answer: wanted {wanted}, found {found}")]
    Decode {
        /// Position in the row, from 1.
        column: usize,
        /// The type that the program expects.
        wanted: &'static str,
        /// The type in the column.
        found: &'static str,
    },
    /// The engine or the database API refused a statement: a bug in the program or the schema.
    #[error("the database refused a statement ({code}): {message}: {sql}")]
    Statement {
        /// SQLSTATE on PostgreSQL, extended result code on SQLite, `database-api` for the database API.
        code: String,
        /// The driver's message.
        message: String,
        /// The statement's text, without values.
        sql: String,
    },
    /// The configuration names no database that can be opened.
    #[error("the database cannot be configured: {reason}")]
    Options {
        /// The reason.
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

    /// A statement that the database API refuses: a bug in the program.
    pub(crate) fn misuse(message: &str, sql: &Sql) -> Self {
        Self::Statement {
            code: "database-api".to_owned(),
            message: message.to_owned(),
            sql: sql.postgres().to_owned(),
        }
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

    /// Whether the client has stopped waiting: it should get 504.
    #[must_use]
    pub fn is_late(&self) -> bool {
        match self {
            Self::DeadlinePassed => true,
            Self::FailedBefore { first } => first.is_late(),
            _ => false,
        }
    }

    /// Whether the database or its load is the cause rather than the request or the program:
    /// the client should then get 503 and try again later.
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

    /// Whether the storage refused a change: it will refuse the next one too, until an administrator frees space or
    /// restores the permission.
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

/// Gives the database API access to the database error inside a body's own error type, to decide on another run.
pub trait Retryable {
    /// The database error that caused this error, if any.
    fn database(&self) -> Option<&DatabaseError>;
}

impl Retryable for DatabaseError {
    fn database(&self) -> Option<&DatabaseError> {
        Some(self)
    }
}
