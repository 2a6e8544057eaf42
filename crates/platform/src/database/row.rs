//! One row of a result, read column by column in the order of the SELECT list.

use super::column::Column;
use super::error::DatabaseError;
use super::value::Value;

/// A type that can be read from a row. An implementation reads its columns with [`Row::next`], in order.
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] if a column has another type or there are too few columns.
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError>;
}

/// A row in the driver's memory; nothing is copied before a column is read.
#[derive(Debug)]
pub struct Row<'r> {
    cells: Cells<'r>,
    at: usize,
}

#[derive(Debug)]
enum Cells<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    pub(crate) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self {
            cells: Cells::Sqlite(row),
            at: 0,
        }
    }

    pub(crate) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self {
            cells: Cells::Postgres(row),
            at: 0,
        }
    }

    /// Reads the next column.
    ///
    /// # Errors
    /// [`DatabaseError::Decode`] with the column's position (from 1) if it has another type or does not exist.
    #[expect(
        clippy::should_implement_trait,
        reason = "columns differ in type, which an `Iterator` cannot express"
    )]
    pub fn next<C: Column>(&mut self) -> Result<C, DatabaseError> {
        self.at += 1;
        let column = self.at;
        self.value(column - 1)
            .and_then(C::from_value)
            .map_err(|error| match error {
                DatabaseError::Decode { wanted, found, .. } => DatabaseError::Decode {
                    column,
                    wanted,
                    found,
                },
                other => other,
            })
    }

    /// The number of columns, those that were read included.
    #[must_use]
    pub fn columns(&self) -> usize {
        match self.cells {
            Cells::Sqlite(row) => row.as_ref().column_count(),
            Cells::Postgres(row) => row.len(),
        }
    }

    /// Skips the next `columns` columns.
    pub fn skip(&mut self, columns: usize) {
        self.at += columns;
    }

    fn value(&self, index: usize) -> Result<Value<'_>, DatabaseError> {
        let absent = || DatabaseError::Decode {
            column: 0,
            wanted: "a readable column",
            found: "none",
        };
        match self.cells {
            Cells::Sqlite(row) => row
                .get_ref(index)
                .map(super::sqlite::value::read)
                .map_err(|_| absent()),
            Cells::Postgres(row) => row.try_get(index).map_err(|_| absent()),
        }
    }
}

impl<C: Column> FromRow for C {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        row.next()
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => { $(
        impl<$($name: Column),+> FromRow for ($($name,)+) {
            fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
                Ok(($(row.next::<$name>()?,)+))
            }
        }
    )* };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
