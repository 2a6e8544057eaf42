//! The rows of a table for one caller.

use super::command::CommandContext;
use super::query::QueryContext;
use super::repositories::Repositories;
use mainstay_domain::Result;
use mainstay_domain::access::{self, Action, Caller, Permit};
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_platform::database::Tx;
use mainstay_repositories::{RowQuery, Rows, Table};

/// The rows of a table as one caller sees them and may change them: scope and permit come from the policy.
#[derive(Debug)]
pub struct CallerRows<'t, T: Table> {
    rows: Rows<'t, T>,
    caller: Caller,
}

impl<'t, T: Table> CallerRows<'t, T> {
    /// The rows of the table for a caller, over the given transaction.
    pub(crate) fn new(tx: &'t mut Tx, caller: Caller) -> Self {
        Self {
            rows: Rows::new(tx),
            caller,
        }
    }

    /// Finds a row that the caller may see.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for a row that the caller may not see.
    pub async fn find(&mut self, id: Id<T>) -> Result<T> {
        self.rows.find(&access::scope(&self.caller), id).await
    }

    /// Finds a row on which the caller may perform the action, with the permit for it.
    ///
    /// # Errors
    /// `NOT_FOUND` for a row that the caller may neither see nor act on; `FORBIDDEN` for one that the caller only sees.
    pub async fn find_to(&mut self, action: Action, id: Id<T>) -> Result<(T, Permit<T>)> {
        let row = self
            .rows
            .find(&access::scope_to(&self.caller, action), id)
            .await?;
        let permit = access::permit(&self.caller, action, &row)?;
        Ok((row, permit))
    }

    /// A page of the rows that the caller may see.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(&mut self, query: &RowQuery<T>, page: &PageRequest) -> Result<Page<T>> {
        self.rows.list(&access::scope(&self.caller), query, page).await
    }

    /// A page of the rows that an account owns and the caller may see, as [`Rows::owned_after`].
    ///
    /// # Errors
    /// Only the database's.
    pub async fn owned_after(&mut self, owner: UserId, after: Option<Id<T>>) -> Result<Vec<T>> {
        let scope = access::scope(&self.caller);
        self.rows.owned_after(&scope, owner, after).await
    }

    /// Inserts a row for the caller; returns the permit, to record the event with.
    ///
    /// # Errors
    /// The policy denies it; otherwise as [`Rows::insert`].
    pub async fn insert(&mut self, action: Action, row: &T) -> Result<Permit<T>> {
        let permit = access::permit(&self.caller, action, row)?;
        self.rows.insert(&permit, row).await?;
        Ok(permit)
    }

    /// Updates a row for the caller; returns the permit, to record the event with.
    ///
    /// # Errors
    /// The policy denies it; otherwise as [`Rows::update`].
    pub async fn update(&mut self, action: Action, row: &T) -> Result<Permit<T>> {
        let permit = access::permit(&self.caller, action, row)?;
        self.rows.update(&permit, row).await?;
        Ok(permit)
    }

    /// Deletes a row for the caller; returns the permit, to record the event with.
    ///
    /// # Errors
    /// The policy denies it; otherwise as [`Rows::delete`].
    pub async fn delete(&mut self, action: Action, row: &T) -> Result<Permit<T>> {
        let permit = access::permit(&self.caller, action, row)?;
        self.rows.delete(&permit, row).await?;
        Ok(permit)
    }
}

impl CommandContext<'_> {
    /// The rows of a table, as the caller sees them and may change them.
    pub fn rows<T: Table>(&mut self) -> CallerRows<'_, T> {
        let caller = self.caller().clone();
        CallerRows::new(self.tx(), caller)
    }
}

impl QueryContext<'_> {
    /// The rows of a table, as the caller sees them.
    pub fn rows<T: Table>(&mut self) -> CallerRows<'_, T> {
        let caller = self.caller().clone();
        CallerRows::new(self.tx(), caller)
    }
}
