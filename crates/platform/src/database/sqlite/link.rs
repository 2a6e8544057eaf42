//! A connection to SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, Statement};

use super::error::{explain, is_busy};
use super::open::pause;
use super::value::bind;
use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;
use crate::database::param::Param;
use crate::database::row::Row;
use crate::database::rows::Statement as Returning;
use crate::database::sql::Sql;
use crate::stopwatch::Stopwatch;

/// Instructions of SQLite's virtual machine between two checks of the deadline: about a tenth of a millisecond.
const INSTRUCTIONS_PER_CHECK: i32 = 10_000;

/// A connection that is moved into a transaction and out again.
#[derive(Debug)]
pub(crate) struct Link {
    connection: Connection,
    opened: Stopwatch,
    deadline: Arc<AtomicU64>,
    statement_timeout: Duration,
    wait_limit: Duration,
    wrote: bool,
}

impl Link {
    pub(super) fn new(mut connection: Connection, options: &DatabaseOptions) -> Result<Self, DatabaseError> {
        let opened = Stopwatch::start();
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let limit = Arc::clone(&deadline);
        connection
            .progress_handler(
                INSTRUCTIONS_PER_CHECK,
                Some(move || micros(opened.elapsed()) > limit.load(Ordering::Relaxed)),
            )
            .map_err(|error| explain(&error, ""))?;
        Ok(Self {
            connection,
            opened,
            deadline,
            statement_timeout: options.statement_timeout,
            wait_limit: options.wait_limit,
            wrote: false,
        })
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Runs one of the database API's own statements (BEGIN, SAVEPOINT, COMMIT, ...), which have no time limit.
    pub(super) fn control(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
        self.connection.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Whether SQLite is outside of any transaction.
    pub(super) fn is_idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Whether a statement that is not read-only has run since the last call.
    pub(super) fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    pub(crate) fn execute(&mut self, sql: &Sql, params: &[&dyn Param]) -> Result<u64, DatabaseError> {
        self.run(sql, params, |statement| {
            if statement.column_count() > 0 {
                // `execute` would refuse rows; PostgreSQL does not.
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
                return Ok(Ok(()));
            }
            statement.raw_execute().map(|_| Ok(()))
        })
    }

    pub(crate) fn query(
        &mut self,
        returning: Returning<'_>,
        params: &[&dyn Param],
        one: bool,
        each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), DatabaseError>,
    ) -> Result<u64, DatabaseError> {
        self.run(returning.sql(), params, |statement| {
            // The database's own judgement of what a `Select` does, whatever its text looks like.
            if returning.only_reads() && !statement.readonly() {
                let message = "a statement that is declared to read would change rows";
                return Ok(Err(DatabaseError::misuse(message, returning.sql())));
            }
            // A change runs to its end; a query may stop after its first row.
            let one = one && returning.only_reads();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                if let Err(error) = each(&mut Row::sqlite(row)) {
                    return Ok(Err(error));
                }
                if one {
                    break;
                }
            }
            Ok(Ok(()))
        })
    }

    /// Prepares, binds and runs; returns the number of rows changed. The inner result is the row reader's.
    fn run(
        &mut self,
        sql: &Sql,
        params: &[&dyn Param],
        mut body: impl FnMut(&mut Statement<'_>) -> rusqlite::Result<Result<(), DatabaseError>>,
    ) -> Result<u64, DatabaseError> {
        let started = self.opened.elapsed();
        self.deadline.store(
            micros(started.saturating_add(self.statement_timeout)),
            Ordering::Relaxed,
        );
        let outcome = loop {
            match self.attempt(sql, params, &mut body) {
                // Only the first step takes a lock, before any row was returned, so no row is returned twice.
                Err(error) if is_busy(&error) && self.opened.elapsed() < started + self.wait_limit => pause(),
                outcome => break outcome,
            }
        };
        self.deadline.store(u64::MAX, Ordering::Relaxed);
        outcome.map_err(|error| explain(&error, sql.postgres()))?
    }

    fn attempt(
        &mut self,
        sql: &Sql,
        params: &[&dyn Param],
        body: &mut impl FnMut(&mut Statement<'_>) -> rusqlite::Result<Result<(), DatabaseError>>,
    ) -> rusqlite::Result<Result<u64, DatabaseError>> {
        let mut statement = self.connection.prepare_cached(sql.sqlite())?;
        let readonly = statement.readonly();
        if !readonly {
            self.wrote = true;
        }
        bind(&mut statement, params)?;
        let before = if readonly {
            0
        } else {
            self.connection.total_changes()
        };
        let outcome = body(&mut statement)?;
        // `changes()` keeps its old value after CREATE and the like, and does not count rows of triggers or cascades.
        let changed = !readonly && self.connection.total_changes() != before;
        Ok(outcome.map(|()| if changed { self.connection.changes() } else { 0 }))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Select;

    #[test]
    fn a_select_that_the_database_takes_for_a_change_is_not_run() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE owners (id INTEGER)")
            .unwrap();
        let mut link = Link::new(connection, &DatabaseOptions::new("sqlite::memory:")).unwrap();
        let hidden = Select::unchecked(crate::sql!(
            "WITH x AS (SELECT 1 AS id) INSERT INTO owners SELECT id FROM x RETURNING id"
        ));
        let refused = link.query(Returning::Select(&hidden), &[], false, &mut |_| Ok(()));
        assert!(
            matches!(&refused, Err(DatabaseError::Statement { message, .. }) if message.contains("declared to read")),
            "{refused:?}"
        );
        let count = Select::new(crate::sql!("SELECT count(*) FROM owners"));
        let mut rows = None;
        let mut read = |row: &mut Row<'_>| {
            rows = Some(row.next::<i64>()?);
            Ok(())
        };
        link.query(Returning::Select(&count), &[], true, &mut read)
            .unwrap();
        assert_eq!(rows, Some(0));
    }
}
