//! The writers of audit entries: how many entries each has written.

use crate::audit::Audit;
use crate::audit_chain::EntryKey;
use crate::outcome::rows;
use crate::read::{BoundValue, Read, bound};
use mainstay_domain::Result;
use mainstay_domain::audit::WriterEnd;
use mainstay_platform::database::{Authorized, DatabaseError, FromRow, Row};

statements! {
    ALL_WRITERS = "SELECT id, number, at, mac FROM audit_writers ORDER BY id";
}

internal_changes! {
    INSERT: AuditWriters =
        "INSERT INTO audit_writers (number, at, mac, id) VALUES ($1, $2, $3, $4)";
    UPDATE: AuditWriters =
        "UPDATE audit_writers SET number = $1, at = $2, mac = $3 WHERE id = $4";
    REMOVE: AuditWriters =
        "DELETE FROM audit_writers WHERE id = $1 AND number = $2";
}

/// The record of a writer as it is stored in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterRecord {
    /// Its key, for [`remove_writer`](Audit::remove_writer).
    pub key: EntryKey,
    /// The number of entries, with its MAC.
    pub end: WriterEnd,
}

impl FromRow for Read<WriterRecord> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let key: EntryKey = row.next()?;
        Ok(Self(WriterRecord {
            end: WriterEnd {
                writer: key.writer(),
                number: row.next()?,
                at: row.next()?,
                mac: row.next()?,
                is_new: false,
            },
            key,
        }))
    }
}

impl Audit<'_> {
    /// The records of all writers, in the order of their ids.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn writers(&mut self) -> Result<Vec<WriterRecord>> {
        Ok(rows(self.0.all(&ALL_WRITERS, &[]).await?))
    }

    /// Removes the record of a writer whose entries are all linked; false when it has written more meanwhile.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn remove_writer(&mut self, key: &EntryKey, number: i64) -> Result<bool> {
        Ok(self.0.execute(REMOVE.exempt(), &[key, &number]).await? == 1)
    }
}

/// The statement that updates the record of a writer; it changes no row when the record is missing.
pub(crate) fn moving(end: &WriterEnd) -> (Authorized<'static>, Vec<BoundValue<'_>>) {
    let change = if end.is_new { &INSERT } else { &UPDATE };
    let values = vec![
        bound(&end.number),
        bound(&end.at),
        bound(&end.mac),
        bound(&end.writer),
    ];
    (change.exempt(), values)
}
