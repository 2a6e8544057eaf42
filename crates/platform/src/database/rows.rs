//! What returns rows, and where they go.

use super::sql::Sql;
use super::statement::{Authorized, Select};

/// A statement that returns rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Statement<'s> {
    /// One that only reads.
    Select(&'s Select),
    /// A change with RETURNING.
    Change(Authorized<'s>),
}

impl<'s> Statement<'s> {
    pub(crate) fn sql(self) -> &'s Sql {
        match self {
            Self::Select(select) => select.sql(),
            Self::Change(change) => change.sql(),
        }
    }

    pub(crate) fn only_reads(self) -> bool {
        matches!(self, Self::Select(_))
    }
}

/// Collects rows: all of them into a list, or only the first.
pub(crate) trait Collect<T>: Default {
    const ONE: bool;
    fn add(&mut self, row: T);
}

impl<T> Collect<T> for Vec<T> {
    const ONE: bool = false;
    fn add(&mut self, row: T) {
        self.push(row);
    }
}

impl<T> Collect<T> for Option<T> {
    const ONE: bool = true;
    fn add(&mut self, row: T) {
        self.get_or_insert(row);
    }
}
