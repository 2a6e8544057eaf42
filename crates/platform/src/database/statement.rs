//! The kinds of statements: those that read, and those that change rows and need a permit for it.

use super::classify::{only_reads, writes_only};
use super::sql::Sql;
use mainstay_domain::Result;
use mainstay_domain::access::{Action, BulkPermit, Permit, Resource};
use mainstay_domain::id::Id;
use std::fmt;
use std::marker::PhantomData;

/// A statement that only reads.
///
/// ```compile_fail,E0080
/// use mainstay_platform::{database::Select, sql};
/// const UPDATE: Select = Select::new(sql!("WITH a AS (SELECT 1) UPDATE orders SET version = 2 RETURNING id"));
/// ```
#[derive(Debug, Clone)]
pub struct Select(Sql);

impl Select {
    /// A statement that only reads.
    ///
    /// # Panics
    /// If the text does anything else; where the statement is a constant, it does not compile.
    #[must_use]
    pub const fn new(sql: Sql) -> Self {
        let [postgres, sqlite] = sql.texts();
        assert!(
            only_reads(postgres) && only_reads(sqlite),
            "a `Select` begins with SELECT, VALUES or WITH and changes nothing"
        );
        Self(sql)
    }

    /// One whose words are not checked, for the test that the database is asked as well.
    #[cfg(test)]
    pub(super) const fn unchecked(sql: Sql) -> Self {
        Self(sql)
    }

    /// The text.
    #[must_use]
    pub const fn sql(&self) -> &Sql {
        &self.0
    }
}

/// A statement that changes the row of a resource, or rows that belong to it: it declares its table and the actions
/// that it serves. It is executed with a [`Permit`] for one of these actions and for that row.
///
/// ```
/// use mainstay_domain::access::Permit;
/// use mainstay_domain::{Result, order::Order};
/// use mainstay_platform::database::{Change, Tx};
/// use mainstay_platform::sql;
///
/// static CANCEL: Change<Order> =
///     Change::new("orders", &[Order::CANCEL], sql!("UPDATE orders SET status = 'cancelled' WHERE id = $1"));
///
/// async fn cancel(tx: &mut Tx, permit: &Permit<Order>, order: &Order) -> Result<u64> {
///     Ok(tx.execute(CANCEL.authorize(permit, order)?, &[&order.id]).await?)
/// }
/// ```
///
/// It is not executed without a permit, nor by a function that reads:
///
/// ```compile_fail,E0308
/// # use mainstay_domain::{Result, access::Permit, order::Order};
/// # use mainstay_platform::{database::{Change, Tx}, sql};
/// # static CANCEL: Change<Order> =
/// #     Change::new("orders", &[Order::CANCEL], sql!("UPDATE orders SET status = 'cancelled' WHERE id = $1"));
/// async fn cancel(tx: &mut Tx, order: &Order) -> Result<u64> {
///     Ok(tx.execute(&CANCEL, &[&order.id]).await?)
/// }
/// ```
///
/// ```compile_fail,E0308
/// # use mainstay_domain::{Result, access::Permit, order::Order};
/// # use mainstay_platform::{database::{Change, Tx}, sql};
/// # static CANCEL: Change<Order> =
/// #     Change::new("orders", &[Order::CANCEL], sql!("UPDATE orders SET status = 'cancelled' WHERE id = $1"));
/// async fn cancel(tx: &mut Tx, order: &Order) -> Result<Vec<i64>> {
///     Ok(tx.all(&CANCEL, &[&order.id]).await?)
/// }
/// ```
///
/// Nor with a permit for another resource:
///
/// ```compile_fail,E0308
/// # use mainstay_domain::{Result, access::Permit, order::Order, product::Product};
/// # use mainstay_platform::{database::{Change, Tx}, sql};
/// # static CANCEL: Change<Order> =
/// #     Change::new("orders", &[Order::CANCEL], sql!("UPDATE orders SET status = 'cancelled' WHERE id = $1"));
/// async fn cancel(tx: &mut Tx, permit: &Permit<Product>, order: &Order) -> Result<u64> {
///     Ok(tx.execute(CANCEL.authorize(permit, order)?, &[&order.id]).await?)
/// }
/// ```
pub struct Change<T> {
    sql: Sql,
    table: &'static str,
    actions: &'static [Action],
    resource: PhantomData<fn() -> T>,
}

/// A statement that changes rows of a resource by a condition, such as their age, and not one row. It is executed with
/// a [`BulkPermit`], which only Mainstay itself gets.
pub struct BulkChange<T>(Change<T>);

/// A changing statement that may be executed. Only [`Change::authorize`], [`BulkChange::authorize`] and
/// [`InternalChange::exempt`](super::InternalChange::exempt) make one:
///
/// ```compile_fail,E0423
/// use mainstay_platform::{database::Authorized, sql};
/// let sql = sql!("DELETE FROM orders");
/// let forged = Authorized(&sql);
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is changed before the statement is executed"]
pub struct Authorized<'s>(pub(super) &'s Sql);

impl<T> Change<T> {
    /// A statement that changes rows of one table, for the given actions.
    ///
    /// # Panics
    /// If the text writes another table or none; where the statement is a constant, it does not compile.
    #[must_use]
    pub const fn new(table: &'static str, actions: &'static [Action], sql: Sql) -> Self {
        let [postgres, sqlite] = sql.texts();
        assert!(
            writes_only(postgres, table) && writes_only(sqlite, table),
            "a change writes the table that it declares, and no other"
        );
        assert!(!actions.is_empty(), "a change serves at least one action");
        Self {
            sql,
            table,
            actions,
            resource: PhantomData,
        }
    }

    /// The text.
    #[must_use]
    pub const fn sql(&self) -> &Sql {
        &self.sql
    }

    /// The table that it writes.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The actions that it serves.
    #[must_use]
    pub const fn actions(&self) -> &'static [Action] {
        self.actions
    }
}

impl<T: Resource> Change<T> {
    /// Checks that the permit is for the row and for an action that the statement serves.
    ///
    /// # Errors
    /// `Internal` when it is not: a bug in the calling code.
    pub fn authorize(&self, permit: &Permit<T>, row: &T) -> Result<Authorized<'_>> {
        self.authorize_id(permit, row.id())
    }

    /// The same for a row of which only the id is known.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub fn authorize_id(&self, permit: &Permit<T>, row: Id<T>) -> Result<Authorized<'_>> {
        permit.check(self.actions, row)?;
        Ok(Authorized(&self.sql))
    }
}

impl<T> BulkChange<T> {
    /// A statement that changes rows of one table by a condition, for the given actions.
    ///
    /// # Panics
    /// As [`Change::new`].
    #[must_use]
    pub const fn new(table: &'static str, actions: &'static [Action], sql: Sql) -> Self {
        Self(Change::new(table, actions, sql))
    }

    /// Its text, table and actions.
    #[must_use]
    pub const fn change(&self) -> &Change<T> {
        &self.0
    }
}

impl<T: Resource> BulkChange<T> {
    /// Checks that the permit is for an action that the statement serves.
    ///
    /// # Errors
    /// `Internal` when it is not: a bug in the calling code.
    pub fn authorize(&self, permit: &BulkPermit<T>) -> Result<Authorized<'_>> {
        permit.check(self.0.actions)?;
        Ok(Authorized(&self.0.sql))
    }
}

impl<'s> Authorized<'s> {
    /// The text.
    #[must_use]
    pub const fn sql(self) -> &'s Sql {
        self.0
    }
}

impl<T> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("sql", &self.sql)
            .field("table", &self.table)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for BulkChange<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BulkChange").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{InternalChange, InternalTable};
    use std::panic::catch_unwind;

    const UPDATE: Action = Action::new("update");

    #[test]
    fn statements_that_control_transactions_or_the_schema_are_neither() {
        for text in [
            "COMMIT",
            "ROLLBACK",
            "begin",
            "SAVEPOINT x",
            "RELEASE member",
            "PRAGMA query_only = 0",
            "CREATE TABLE outbox (id BIGINT)",
        ] {
            let select = catch_unwind(|| Select::new(Sql::new(text)));
            assert!(select.is_err(), "{text}");
            let change = catch_unwind(|| InternalChange::new(InternalTable::Outbox, Sql::new(text)));
            assert!(change.is_err(), "{text}");
        }
    }

    #[test]
    fn the_text_of_each_engine_is_checked() {
        for (postgres, sqlite) in [("SELECT 1", "DELETE FROM jobs"), ("DELETE FROM jobs", "SELECT 1")] {
            assert!(catch_unwind(|| Select::new(Sql::spelled(postgres, sqlite))).is_err());
            let change =
                catch_unwind(|| InternalChange::new(InternalTable::Jobs, Sql::spelled(postgres, sqlite)));
            assert!(change.is_err());
        }
    }

    #[test]
    fn a_statement_composed_at_run_time_is_checked_as_well() {
        let update =
            || Sql::owned("WITH a AS (SELECT 1) UPDATE orders SET version = 2 RETURNING id".to_owned());
        assert!(catch_unwind(|| Select::new(update())).is_err());
        assert!(catch_unwind(|| InternalChange::new(InternalTable::Jobs, update())).is_err());
        let other = catch_unwind(|| Change::<()>::new("products", &[UPDATE], update()));
        assert!(other.is_err());
        assert!(catch_unwind(|| Change::<()>::new("orders", &[], update())).is_err());
        assert_eq!(Change::<()>::new("orders", &[UPDATE], update()).table(), "orders");
    }
}
