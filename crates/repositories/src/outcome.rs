//! What an answer of the database means to whoever asked.

use crate::read::Read;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::DatabaseError;

/// The row, or nothing to be known of it.
pub(crate) fn found<T>(row: Option<Read<T>>) -> Result<T> {
    row.map(|Read(row)| row).ok_or(Error::NotFound)
}

/// The rows, out of their wrapping.
pub(crate) fn rows<T>(rows: Vec<Read<T>>) -> Vec<T> {
    rows.into_iter().map(|Read(row)| row).collect()
}

/// One row changed, or it was no longer the one that was read: then another transaction was faster, and the whole of
/// this one has to be run again from its reading. That is not [`Error::Stale`], which is what the caller of a use case
/// hears who named a version and meant another one.
pub(crate) fn fresh(changed: u64) -> Result<()> {
    if changed == 1 {
        Ok(())
    } else {
        Err(DatabaseError::Retry.into())
    }
}

/// A unique constraint that refused a row, said in a sentence.
pub(crate) fn taken(error: DatabaseError, sentence: &str) -> Error {
    match error.conflict() {
        Some(_) => Error::Conflict(sentence.to_owned()),
        None => error.into(),
    }
}
