//! Conversion of PostgreSQL's SQLSTATEs to [`DatabaseError`].

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::database::conflict::Conflict;
use crate::database::error::DatabaseError;

/// Converts a driver's error.
pub(super) fn explain(error: &Error, sql: &str) -> DatabaseError {
    if let Some(db) = error.as_db_error() {
        return from_server(db, sql);
    }
    if is_lost(error) {
        return DatabaseError::unavailable(format!("the connection was lost: {}", chain(error)));
    }
    DatabaseError::Statement {
        code: "driver".to_owned(),
        message: chain(error),
        sql: sql.to_owned(),
    }
}

/// Whether the connection is lost, so that the server's last action is unknown.
pub(super) fn is_lost(error: &Error) -> bool {
    if let Some(db) = error.as_db_error() {
        // After FATAL and PANIC the server ends the connection, whatever the reason: an administrator, a timeout of
        // idle transactions (25P03), a crash of another process.
        let ended = matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        return ended || db.code().code().starts_with("57P") || db.code().code().starts_with("08");
    }
    error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>())
}

/// Converts the error of a refused BEGIN. It has no parameters and names no object, so the program is not the cause: a
/// standby answers `READ WRITE` with 0A000 (feature not supported), where a statement would get 25006.
pub(super) fn explain_begin(error: &Error, sql: &str) -> DatabaseError {
    match error.as_db_error() {
        Some(db) if *db.code() == SqlState::FEATURE_NOT_SUPPORTED => DatabaseError::ReadOnly {
            reason: db.message().to_owned(),
        },
        _ => explain(error, sql),
    }
}

/// Why no connection could be opened. The driver itself refuses a read-only server
/// (`target_session_attrs`), as an [`std::io::Error`] with a kind of its own.
pub(super) fn explain_connect(error: &Error) -> DatabaseError {
    let refused = error
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|source| {
            source.kind() == std::io::ErrorKind::PermissionDenied && source.raw_os_error().is_none()
        });
    if refused {
        let reason = "every server that the URL names takes no changes: a standby, or \
                      default_transaction_read_only is on";
        return DatabaseError::ReadOnly {
            reason: reason.to_owned(),
        };
    }
    DatabaseError::unavailable(format!("cannot connect: {}", chain(error)))
}

/// Whether a prepared statement is stale because its table changed; preparing it again suffices.
pub(super) fn is_stale_plan(error: &Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        *db.code() == SqlState::FEATURE_NOT_SUPPORTED && db.routine() == Some("RevalidateCachedQuery")
    })
}

/// The error and its causes, in one line.
pub(super) fn chain(error: &Error) -> String {
    match error.source() {
        Some(source) if error.as_db_error().is_none() => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

fn from_server(db: &DbError, sql: &str) -> DatabaseError {
    let message = || db.message().to_owned();
    let constraint = || db.constraint().map(str::to_owned);
    let code = db.code();
    match code.code() {
        "23505" => DatabaseError::Conflict(Conflict::from_postgres(db.table(), db.constraint(), db.detail())),
        "23503" => DatabaseError::ForeignKey {
            constraint: constraint(),
        },
        "23514" => DatabaseError::Check {
            constraint: constraint().unwrap_or_else(message),
        },
        "23502" => DatabaseError::Check {
            constraint: format!("{}.{}", db.table().unwrap_or("?"), db.column().unwrap_or("?")),
        },
        "40001" | "40P01" => DatabaseError::Serialization { reason: message() },
        "0A000" if db.routine() == Some("RevalidateCachedQuery") => {
            DatabaseError::Serialization { reason: message() }
        }
        "57014" => DatabaseError::Timeout { sql: sql.to_owned() },
        "53100" => DatabaseError::Full { reason: message() },
        "25006" => DatabaseError::ReadOnly { reason: message() },
        "25P02" => DatabaseError::LostTransaction { reason: message() },
        other => match other.get(..2) {
            Some("08" | "53" | "57" | "28" | "3D") | None => DatabaseError::unavailable(message()),
            Some("58" | "XX") => DatabaseError::Io { reason: message() },
            // A lock that was not free in time, a transaction that the server ended for its age, a COMMIT whose
            // outcome is unknown, a permission that an administrator revoked from our user.
            Some(_) if matches!(other, "55P03" | "25P03" | "25P04" | "40003" | "42501") => {
                DatabaseError::unavailable(message())
            }
            Some(_) => DatabaseError::Statement {
                code: other.to_owned(),
                message: message(),
                sql: sql.to_owned(),
            },
        },
    }
}
