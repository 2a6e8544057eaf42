//! Migrates a database to the schema of this program.

use crate::dialect;
use mainstay_platform::database::{DatabaseError, DatabaseOptions, postgres_client, sqlite_connection};
use refinery::error::Kind;
use refinery::{Migration, Runner};
use rusqlite::{Connection, TransactionBehavior};

mod condition;
mod fitness;

pub use condition::{Condition, condition};

mod sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The outcome of a migration run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The migrations that were applied by this run, in order; empty when the schema was up to date.
    pub applied: Vec<String>,
}

/// Why a database could not be migrated. A migration and the record that it was applied are one transaction, so an
/// interruption leaves nothing of it. On PostgreSQL, migrations applied before the failure stay; on SQLite, all
/// missing migrations are one transaction.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer version of this program migrated the database.
    #[error(
        "the database is newer than this program: it has {applied}, and this program knows up to version {known}; \
         run the version that migrated it, or a later one"
    )]
    Newer {
        /// The migration that this program does not know.
        applied: String,
        /// The last version it knows.
        known: i32,
    },
    /// A migration was edited after it had been applied.
    #[error(
        "the database has another {applied} than this program: a migration that was applied is never edited"
    )]
    Edited {
        /// The migration whose content differs.
        applied: String,
    },
    /// The database cannot store Mainstay's data. Nothing was created in it.
    #[error("{0}")]
    Unfit(String),
    /// The database cannot be reached or opened.
    #[error("{0}")]
    Database(#[from] DatabaseError),
    /// The database returned an error for a migration.
    #[error("the database could not be migrated")]
    Refused(#[source] Box<refinery::Error>),
    /// The migrating thread ended before its work was done.
    #[error("the migration was broken off")]
    BrokenOff(#[source] tokio::task::JoinError),
}

/// Applies the migrations that the database does not have yet. Safe when several processes start at once: on
/// PostgreSQL they wait for each other, on SQLite the second one finds the migrations applied.
///
/// # Errors
/// See [`MigrateError`]; a database that is newer than this program is an error.
pub async fn migrate(options: &DatabaseOptions) -> Result<Report, MigrateError> {
    if options.url.starts_with("postgres") {
        return on_postgres(options).await;
    }
    let options = options.clone();
    tokio::task::spawn_blocking(move || on_sqlite(&options))
        .await
        .map_err(MigrateError::BrokenOff)?
}

async fn on_postgres(options: &DatabaseOptions) -> Result<Report, MigrateError> {
    let runner = postgres::migrations::runner();
    let (mut client, connection) = postgres_client(options).await?;
    fit(&fitness::of_postgres(&client).await?)?;
    for reason in fitness::not_durable(&client).await? {
        tracing::warn!(
            reason,
            "a power failure may lose writes that this database acknowledged"
        );
    }
    let locked = client.batch_execute(dialect::LOCK_MIGRATIONS).await;
    locked.map_err(|error| DatabaseError::Unavailable {
        what: format!("cannot lock for migrations: {error}"),
    })?;
    let outcome = runner.run_async(&mut client).await;
    drop(client);
    // The connection's end releases the lock; wait for it, so that the next process does not find it locked.
    let _ = connection.await;
    outcome
        .map(|done| report(done.applied_migrations()))
        .map_err(|error| classify(error, &runner))
}

fn on_sqlite(options: &DatabaseOptions) -> Result<Report, MigrateError> {
    // Grouped, a migration and its record are one transaction: a start that was killed in between can be repeated.
    let runner = sqlite::migrations::runner().set_grouped(true);
    fit(&fitness::of_sqlite(options)?)?;
    let mut connection = sqlite_connection(options)?;
    // A transaction that began by reading could not write once another process had written, however long it waited.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let patient = connection.busy_timeout(options.wait_limit);
    patient.map_err(|error| DatabaseError::Unavailable {
        what: error.to_string(),
    })?;
    loop {
        let before = count(&runner, &mut connection);
        match runner.run(&mut connection) {
            Ok(done) => return Ok(report(done.applied_migrations())),
            // Another process applied the same migrations meanwhile, so these were rolled back: check again.
            Err(error)
                if matches!(error.kind(), Kind::Connection(..))
                    && count(&runner, &mut connection) > before => {}
            Err(error) => return Err(classify(error, &runner)),
        }
    }
}

fn fit(reasons: &[String]) -> Result<(), MigrateError> {
    if reasons.is_empty() {
        return Ok(());
    }
    Err(MigrateError::Unfit(reasons.join("; ")))
}

/// Number of migrations recorded in the file; 0 when it was never migrated.
fn count(runner: &Runner, connection: &mut Connection) -> usize {
    runner
        .get_applied_migrations(connection)
        .map_or(0, |applied| applied.len())
}

fn report(applied: &[Migration]) -> Report {
    Report {
        applied: applied.iter().map(ToString::to_string).collect(),
    }
}

fn classify(error: refinery::Error, runner: &Runner) -> MigrateError {
    let known = runner
        .get_migrations()
        .iter()
        .map(Migration::version)
        .max()
        .unwrap_or(0);
    match error.kind() {
        Kind::MissingVersion(applied) if applied.version() > known => MigrateError::Newer {
            applied: applied.to_string(),
            known,
        },
        Kind::DivergentVersion(applied, _) => MigrateError::Edited {
            applied: applied.to_string(),
        },
        _ => MigrateError::Refused(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |runner: &Runner| -> Vec<String> {
            runner.get_migrations().iter().map(ToString::to_string).collect()
        };
        let (sqlite, postgres) = (sqlite::migrations::runner(), postgres::migrations::runner());
        assert_eq!(names(&sqlite), names(&postgres));
        assert!(!names(&sqlite).is_empty());
    }
}
