//! Conversion of SQLite's result codes to [`DatabaseError`].

use rusqlite::{Error, ErrorCode, ffi};

use crate::database::conflict::Conflict;
use crate::database::error::DatabaseError;

/// Whether another connection or process holds a lock; such errors are retried and never reported.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
    )
}

/// Whether a COMMIT failed on a deferred foreign key, which one member of a group violated.
pub(super) fn is_dangling(error: &Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// Converts a driver's error.
pub(super) fn explain(error: &Error, sql: &str) -> DatabaseError {
    let (code, message) = match error {
        Error::SqliteFailure(code, message) => (*code, message.clone().unwrap_or_else(|| code.to_string())),
        Error::SqlInputError { error, msg, .. } => (*error, msg.clone()),
        other => return refused("driver", other.to_string(), sql),
    };
    match code.code {
        ErrorCode::ConstraintViolation => violation(code.extended_code, message, sql),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            DatabaseError::unavailable(format!(
                "another process held the database for too long ({message})"
            ))
        }
        ErrorCode::DiskFull => DatabaseError::Full { reason: message },
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => DatabaseError::ReadOnly { reason: message },
        ErrorCode::OperationInterrupted => DatabaseError::Timeout { sql: sql.to_owned() },
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::OutOfMemory
        | ErrorCode::NoLargeFileSupport => DatabaseError::Io {
            reason: format!("{message} ({})", code.extended_code),
        },
        ErrorCode::CannotOpen => DatabaseError::unavailable(format!("cannot open the file: {message}")),
        _ => refused(&code.extended_code.to_string(), message, sql),
    }
}

fn violation(extended: i32, message: String, sql: &str) -> DatabaseError {
    let constraint = || {
        message
            .split_once("failed: ")
            .map_or(message.as_str(), |(_, name)| name)
            .to_owned()
    };
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            DatabaseError::Conflict(Conflict::from_sqlite(&message))
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => DatabaseError::ForeignKey { constraint: None },
        ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_NOTNULL => DatabaseError::Check {
            constraint: constraint(),
        },
        _ => refused(&extended.to_string(), message, sql),
    }
}

fn refused(code: &str, message: String, sql: &str) -> DatabaseError {
    DatabaseError::Statement {
        code: code.to_owned(),
        message,
        sql: sql.to_owned(),
    }
}
