//! The tables of an application whose rows belong to accounts, for the export of an account's data.

use crate::context::QueryContext;
use futures_util::future::BoxFuture;
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::{Error, Result};
use mainstay_repositories::Table;
use serde::Serialize;
use std::fmt;
use uuid::Uuid;

/// A row that an account owns, as an export holds it.
#[derive(Debug)]
pub struct OwnedRow {
    /// Where the next page begins when this is the last row.
    pub id: Uuid,
    /// The row, as it is serialised.
    pub value: serde_json::Value,
}

/// Reads the rows of an account by their ids, beginning after one; none after the last.
pub type OwnedRows =
    for<'c, 'v> fn(&'c mut QueryContext<'v>, UserId, Option<Uuid>) -> BoxFuture<'c, Result<Vec<OwnedRow>>>;

/// A table whose rows an export holds.
#[derive(Clone, Copy)]
pub struct ExportedTable {
    /// The name of the file, without an ending.
    pub name: &'static str,
    /// The name of the table.
    pub table: &'static str,
    /// What reads the rows.
    pub read: OwnedRows,
}

/// The tables whose rows an export holds beside Mainstay's own.
#[derive(Clone, Default)]
pub struct ExportedTables(Vec<ExportedTable>);

impl ExportedTables {
    /// No table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the rows of a table that an account owns, in a file of this name, without an ending.
    #[must_use]
    pub fn with_table<T: Table + Serialize>(mut self, file: &'static str) -> Self {
        let read: OwnedRows = |cx, owner, after| {
            Box::pin(async move {
                let rows = cx
                    .rows::<T>()
                    .owned_after(owner, after.map(Id::from_uuid))
                    .await?;
                let owned = |row: T| {
                    let value = serde_json::to_value(&row).map_err(Error::internal)?;
                    let id = row.id().uuid();
                    Ok(OwnedRow { id, value })
                };
                rows.into_iter().map(owned).collect()
            })
        };
        self.0.push(ExportedTable {
            name: file,
            table: T::TABLE,
            read,
        });
        self
    }

    /// Each table, in the order in which they were added.
    pub fn files(&self) -> impl ExactSizeIterator<Item = ExportedTable> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Debug for ExportedTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|file| file.name))
            .finish()
    }
}
