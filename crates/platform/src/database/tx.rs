//! A transaction from the body's point of view.

use super::Engine;
use super::error::DatabaseError;
use super::param::Param;
use super::postgres::link::Link as PostgresLink;
use super::row::{FromRow, Row};
use super::rows::{Collect, Statement};
use super::sql::Sql;
use super::sqlite::link::Link as SqliteLink;
use super::statement::{Authorized, Select};
use crate::stopwatch::{Deadline, Stopwatch};
use uuid::Uuid;

/// The cost of a transaction so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Statements sent.
    pub statements: u32,
    /// Time spent executing them, in microseconds.
    pub database_us: u64,
    /// Rows inserted, updated or deleted.
    pub changed_rows: u64,
}

/// An open transaction: a write, or a snapshot to read from.
///
/// Once a statement has failed, the transaction accepts no more of them and does not commit, on either engine,
/// whether its body ignores the error or not. Write `ON CONFLICT DO NOTHING` where a conflict is expected.
///
/// It reads with a [`Select`] and changes with an [`Authorized`] change, which only a permit makes, or one of the
/// exceptions that [`InternalTable`](super::InternalTable) names.
#[derive(Debug)]
pub struct Tx {
    pub(crate) link: Link,
    stats: Stats,
    failed: Option<DatabaseError>,
    access: Access,
    deadline: Option<Deadline>,
    changed: Vec<(&'static str, Uuid)>,
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Change rows.
    Write,
    /// Read from a snapshot.
    Read,
    /// Read once: without a transaction, two statements may read different snapshots.
    ReadOnce,
}

/// The connection, moved into the transaction.
#[derive(Debug)]
pub(crate) enum Link {
    Sqlite(SqliteLink),
    Postgres(PostgresLink),
}

impl Tx {
    pub(crate) fn new(link: Link, access: Access) -> Self {
        Self {
            link,
            stats: Stats::default(),
            failed: None,
            access,
            deadline: None,
            changed: Vec::new(),
        }
    }

    /// Sets when the client stops waiting: no statement begins after that, and the transaction does not commit if its
    /// body wanted one. A commit that has begun is not hindered.
    pub fn set_deadline(&mut self, deadline: Option<Deadline>) {
        self.deadline = deadline;
    }

    /// The engine, for the few statements that differ.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.link {
            Link::Sqlite(_) => Engine::Sqlite,
            Link::Postgres(_) => Engine::Postgres,
        }
    }

    /// Statements, time and changed rows so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Executes a change; returns the number of rows changed.
    ///
    /// # Errors
    /// The database's error; see [`DatabaseError`].
    pub async fn execute(
        &mut self,
        change: Authorized<'_>,
        params: &[&dyn Param],
    ) -> Result<u64, DatabaseError> {
        self.admit_change(change)?;
        let started = Stopwatch::start();
        let outcome = match &mut self.link {
            Link::Sqlite(link) => link.execute(change.sql(), params),
            Link::Postgres(link) => link.execute(change.sql(), params).await,
        };
        self.note(1, started, outcome)
    }

    /// Executes several independent changes in order; returns the number of rows changed by each. On PostgreSQL they
    /// share one round trip.
    ///
    /// # Errors
    /// The first error; the whole transaction is then undone.
    pub async fn batch(
        &mut self,
        changes: &[(Authorized<'_>, &[&dyn Param])],
    ) -> Result<Vec<u64>, DatabaseError> {
        for (change, _) in changes {
            self.admit_change(*change)?;
        }
        let started = Stopwatch::start();
        let outcome = match &mut self.link {
            Link::Sqlite(link) => changes
                .iter()
                .map(|(change, params)| link.execute(change.sql(), params))
                .collect(),
            Link::Postgres(link) => link.batch(changes).await,
        };
        let counts: Result<Vec<u64>, _> = outcome;
        let changed = counts
            .as_ref()
            .map(|counts| counts.iter().sum())
            .map_err(DatabaseError::clone);
        self.note(u32::try_from(changes.len()).unwrap_or(u32::MAX), started, changed)?;
        counts
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The database's error, or a row that does not fit `T`.
    pub async fn all<T: FromRow>(
        &mut self,
        select: &Select,
        params: &[&dyn Param],
    ) -> Result<Vec<T>, DatabaseError> {
        self.admit(select.sql())?;
        self.collect(Statement::Select(select), params).await
    }

    /// The first row of a query; `None` if it has none.
    ///
    /// # Errors
    /// The database's error, or a row that does not fit `T`.
    pub async fn optional<T: FromRow>(
        &mut self,
        select: &Select,
        params: &[&dyn Param],
    ) -> Result<Option<T>, DatabaseError> {
        self.admit(select.sql())?;
        self.collect(Statement::Select(select), params).await
    }

    /// The first row of a query that always has one.
    ///
    /// # Errors
    /// [`DatabaseError::NoRow`] if it has none; otherwise as [`Tx::optional`].
    pub async fn one<T: FromRow>(
        &mut self,
        select: &Select,
        params: &[&dyn Param],
    ) -> Result<T, DatabaseError> {
        let row = self.optional(select, params).await?;
        row.ok_or_else(|| DatabaseError::NoRow {
            sql: select.sql().postgres().to_owned(),
        })
    }

    /// Executes a change and returns the rows of its RETURNING.
    ///
    /// # Errors
    /// The database's error, or a row that does not fit `T`.
    pub async fn execute_returning_all<T: FromRow>(
        &mut self,
        change: Authorized<'_>,
        params: &[&dyn Param],
    ) -> Result<Vec<T>, DatabaseError> {
        self.admit_change(change)?;
        self.collect(Statement::Change(change), params).await
    }

    /// Executes a change and returns the first row of its RETURNING; `None` if it changed none.
    ///
    /// # Errors
    /// The database's error, or a row that does not fit `T`.
    pub async fn execute_returning_optional<T: FromRow>(
        &mut self,
        change: Authorized<'_>,
        params: &[&dyn Param],
    ) -> Result<Option<T>, DatabaseError> {
        self.admit_change(change)?;
        self.collect(Statement::Change(change), params).await
    }

    async fn collect<T: FromRow, G: Collect<T>>(
        &mut self,
        statement: Statement<'_>,
        params: &[&dyn Param],
    ) -> Result<G, DatabaseError> {
        let started = Stopwatch::start();
        let outcome = match &mut self.link {
            Link::Sqlite(link) => {
                let mut collected = G::default();
                let mut add = |row: &mut Row<'_>| T::from_row(row).map(|row| collected.add(row));
                link.query(statement, params, G::ONE, &mut add)
                    .map(|changed| (collected, changed))
            }
            Link::Postgres(link) => link.query(statement, params).await.and_then(|(rows, changed)| {
                let mut collected = G::default();
                for row in rows.iter().take(if G::ONE { 1 } else { usize::MAX }) {
                    collected.add(T::from_row(&mut Row::postgres(row))?);
                }
                Ok((collected, changed))
            }),
        };
        match outcome {
            Ok((collected, changed)) => self.note(1, started, Ok(changed)).map(|_| collected),
            Err(error) => self.note(1, started, Err(error)).map(|_| G::default()),
        }
    }

    /// Refuses any statement after one that failed or after the deadline, and the second one of a read of a single
    /// statement.
    fn admit(&mut self, sql: &Sql) -> Result<(), DatabaseError> {
        if let Some(first) = &self.failed {
            return Err(DatabaseError::FailedBefore {
                first: Box::new(first.clone()),
            });
        }
        if self.deadline.is_some_and(Deadline::has_passed) {
            self.failed = Some(DatabaseError::DeadlinePassed);
            return Err(DatabaseError::DeadlinePassed);
        }
        if self.access == Access::ReadOnce && self.stats.statements > 0 {
            return Err(DatabaseError::misuse(
                "a read of a single statement asked for two",
                sql,
            ));
        }
        Ok(())
    }

    /// Refuses a change in a transaction that reads.
    fn admit_change(&mut self, change: Authorized<'_>) -> Result<(), DatabaseError> {
        self.admit(change.sql())?;
        if self.access == Access::Write {
            return Ok(());
        }
        Err(DatabaseError::WriteInRead {
            sql: change.sql().postgres().to_owned(),
        })
    }

    fn note(
        &mut self,
        statements: u32,
        started: Stopwatch,
        outcome: Result<u64, DatabaseError>,
    ) -> Result<u64, DatabaseError> {
        self.stats.statements = self.stats.statements.saturating_add(statements);
        self.stats.database_us += started.micros();
        match &outcome {
            Ok(changed) => self.stats.changed_rows += changed,
            Err(error) => self.failed = Some(error.clone()),
        }
        outcome
    }

    /// Resets the state for the next transaction on the same connection.
    pub(crate) fn renew(&mut self) {
        self.stats = Stats::default();
        self.failed = None;
        self.deadline = None;
        self.changed.clear();
    }

    /// Records that a row was changed, by the name of its resource and its id, so that caches can drop it.
    pub fn note_changed(&mut self, resource: &'static str, id: Uuid) {
        self.changed.push((resource, id));
    }

    /// Takes the rows that were recorded as changed.
    #[must_use]
    pub fn take_changed(&mut self) -> Vec<(&'static str, Uuid)> {
        std::mem::take(&mut self.changed)
    }

    /// The outcome of a body: `Ok` becomes an error if a statement failed on the way.
    pub(crate) fn verdict<T, E: From<DatabaseError>>(&self, answer: Result<T, E>) -> Result<T, E> {
        match (&self.failed, answer) {
            (Some(first), Ok(_)) => Err(E::from(DatabaseError::FailedBefore {
                first: Box::new(first.clone()),
            })),
            (_, answer) => answer,
        }
    }

    /// The error of the first failed statement.
    pub(crate) fn failure(&self) -> Option<&DatabaseError> {
        self.failed.as_ref()
    }
}
