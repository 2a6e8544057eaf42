//! Finding, listing and changing the rows of a table.

use super::list::RowQuery;
use super::record::{Record, Values};
use super::statements::TableStatements;
use super::table::{Checked, Table};
use crate::outcome::{expect_one_row, found};
use crate::read::Read;
use mainstay_domain::access::{Permit, Scope, ScopeFilter};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Change, DatabaseError, FromRow, Param, Row, Tx, Value};
use uuid::Uuid;

/// The most rows that [`Rows::owned_after`] returns.
const OWNED_PAGE: u32 = 50;

/// The rows of a table, over a borrowed transaction.
#[derive(Debug)]
pub struct Rows<'t, T: Table> {
    tx: &'t mut Tx,
    statements: &'static TableStatements<T>,
}

impl<T: Record> FromRow for Read<T> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        T::read(row).map(Self)
    }
}

impl<'t, T: Table> Rows<'t, T> {
    /// The rows of the table, over the given transaction.
    pub fn new(tx: &'t mut Tx) -> Self {
        let () = Checked::<T>::OK;
        Self {
            tx,
            statements: TableStatements::get(),
        }
    }

    /// Finds a row by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for a row outside of the scope.
    pub async fn find(&mut self, scope: &Scope<T>, id: Id<T>) -> Result<T> {
        let row = match scope.filter() {
            ScopeFilter::Everything => self.tx.optional(&self.statements.find, &[&id]).await?,
            ScopeFilter::Owned(owner) => match &self.statements.find_owned {
                Some(find) => self.tx.optional(find, &[&id, &owner]).await?,
                None => None,
            },
            ScopeFilter::Published => match &self.statements.find_published {
                Some(find) => self.tx.optional(find, &[&id]).await?,
                None => None,
            },
            ScopeFilter::Nothing => None,
        };
        found(row)
    }

    /// A page of the rows within the scope.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list, or of this one with another sort, direction or filter.
    pub async fn list(
        &mut self,
        scope: &Scope<T>,
        query: &RowQuery<T>,
        page: &PageRequest,
    ) -> Result<Page<T>> {
        query.page(self.statements, self.tx, scope, page).await
    }

    /// At most 50 rows that an account owns, by their ids, beginning after one; none of a table that names no
    /// column of owners in [`Table::OWNER`], nor rows outside of the scope.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn owned_after(
        &mut self,
        scope: &Scope<T>,
        owner: UserId,
        after: Option<Id<T>>,
    ) -> Result<Vec<T>> {
        let sees = match scope.filter() {
            ScopeFilter::Everything => true,
            ScopeFilter::Owned(user) => user == owner,
            ScopeFilter::Published | ScopeFilter::Nothing => false,
        };
        let Some(page) = self.statements.owned_after.as_ref().filter(|_| sees) else {
            return Ok(Vec::new());
        };
        let after = after.map_or(Uuid::nil(), |after| after.uuid());
        let found = self.tx.all(page, &[&owner, &after, &OWNED_PAGE]).await?;
        Ok(found.into_iter().map(|Read(row)| row).collect())
    }

    /// Inserts a row.
    ///
    /// # Errors
    /// `CONFLICT` when a unique index of [`Table::UNIQUE`] refuses the row; `INTERNAL_ERROR` for a permit for another
    /// row, or for an action that [`Table::INSERT`] does not list; `VALIDATION_FAILED` for a text with a NUL.
    pub async fn insert(&mut self, permit: &Permit<T>, row: &T) -> Result<()> {
        let change = declared(self.statements.insert.as_ref(), "INSERT")?.authorize(permit, row)?;
        let values = self.values(row)?;
        self.tx.note_changed(T::NAME, row.id().uuid());
        let done = self.tx.execute(change, &values.params(0..values.len())).await;
        done.map(drop).map_err(conflict::<T>)
    }

    /// Updates a row. If it has a column `version`, the version of `row` is one more than the one that was read.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when another transaction has changed or deleted the row since it was read, or when `row`
    /// has another owner than the stored one, which an update never changes; otherwise as [`insert`](Self::insert).
    pub async fn update(&mut self, permit: &Permit<T>, row: &T) -> Result<()> {
        let change = declared(self.statements.update.as_ref(), "UPDATE")?.authorize(permit, row)?;
        let values = self.values(row)?;
        self.tx.note_changed(T::NAME, row.id().uuid());
        let read = self.version(&values)?.map(|version| version - 1);
        let set = self.statements.updated.iter().copied();
        let params = self.params(&values, set, read.as_ref());
        let done = self.tx.execute(change, &params).await;
        expect_one_row(done.map_err(conflict::<T>)?)
    }

    /// Deletes a row, as it was read.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when another transaction has changed the row since it was read or deleted it;
    /// `CONFLICT` when other rows refer to it; `INTERNAL_ERROR` for a permit for another row, or for an action that
    /// [`Table::DELETE`] does not list.
    pub async fn delete(&mut self, permit: &Permit<T>, row: &T) -> Result<()> {
        let change = declared(self.statements.delete.as_ref(), "DELETE")?.authorize(permit, row)?;
        let values = self.values(row)?;
        self.tx.note_changed(T::NAME, row.id().uuid());
        let version = self.version(&values)?;
        let params = self.params(&values, [].into_iter(), version.as_ref());
        match self.tx.execute(change, &params).await {
            Err(DatabaseError::ForeignKey { .. }) => Err(Error::Conflict(T::REFERENCED.to_owned())),
            done => expect_one_row(done?),
        }
    }

    /// The values of a row that may be stored: with the owner in the column of owners, or scopes would show it to
    /// another account, and without NUL, which PostgreSQL refuses in a text and SQLite does not.
    fn values<'r>(&self, row: &'r T) -> Result<Values<'r>> {
        let (values, columns) = (Values::of(row), &self.statements.columns);
        for (at, column) in columns.iter().enumerate() {
            if matches!(values.at(at), Value::Text(text) if text.contains('\0')) {
                let error = ValidationErrors::one(*column, "FORMAT", "must not contain the character NUL");
                return Err(Error::Invalid(error));
            }
        }
        if let Some(column) = self.statements.owner {
            let stored = values.at(column).uuid().ok();
            if stored != row.owner().map(|owner| owner.uuid()) {
                let column = columns[column];
                return Err(Error::bug(format!(
                    "the owner of a {} is not in its column {column}",
                    T::NAME
                )));
            }
        }
        Ok(values)
    }

    /// The id, the columns to set, and what the row must still be like: its version and its owner.
    fn params<'p>(
        &self,
        values: &'p Values<'_>,
        set: impl Iterator<Item = usize>,
        version: Option<&'p i64>,
    ) -> Vec<&'p dyn Param> {
        let mut params = values.params([0].into_iter().chain(set));
        params.extend(version.map(|version| version as &dyn Param));
        params.extend(values.params(self.statements.owner.into_iter()));
        params
    }

    fn version(&self, values: &Values<'_>) -> Result<Option<i64>> {
        self.statements
            .version
            .map(|column| values.at(column).integer())
            .transpose()
            .map_err(Error::from)
    }
}

fn declared<'s, T: Table>(change: Option<&'s Change<T>>, list: &str) -> Result<&'s Change<T>> {
    change.ok_or_else(|| Error::bug(format!("the table of {} lists no action under {list}", T::NAME)))
}

/// The sentence of the unique index that refused a row.
fn conflict<T: Table>(error: DatabaseError) -> Error {
    let refused = error.conflict().and_then(|conflict| {
        T::UNIQUE
            .iter()
            .find(|unique| conflict.on(T::TABLE, unique.columns))
    });
    match refused {
        Some(unique) => Error::Conflict(unique.sentence.to_owned()),
        None => error.into(),
    }
}
