//! Conversion of the database's results to the domain's.

use crate::read::Read;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::DatabaseError;

/// The row, or [`Error::NotFound`].
pub(crate) fn found<T>(row: Option<Read<T>>) -> Result<T> {
    row.map(|Read(row)| row).ok_or(Error::NotFound)
}

/// Unwraps the rows.
pub(crate) fn rows<T>(rows: Vec<Read<T>>) -> Vec<T> {
    rows.into_iter().map(|Read(row)| row).collect()
}

/// Checks that exactly one row changed. Otherwise another transaction has changed the row since it was read, and this
/// transaction has to run again from the start. That differs from [`Error::Stale`], which a client receives that
/// named an outdated version.
pub(crate) fn expect_one_row(changed: u64) -> Result<()> {
    if changed == 1 {
        Ok(())
    } else {
        Err(DatabaseError::Retry.into())
    }
}

/// Converts a unique constraint violation to [`Error::Conflict`] with the given message.
pub(crate) fn unique_violation(error: DatabaseError, sentence: &str) -> Error {
    match error.conflict() {
        Some(_) => Error::Conflict(sentence.to_owned()),
        None => error.into(),
    }
}
