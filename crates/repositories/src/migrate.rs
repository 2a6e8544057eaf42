//! Migrates a database to the schema of this program.

use crate::dialect;
use mainstay_platform::database::{
    DatabaseError, DatabaseOptions, Engine, postgres_client, sqlite_connection,
};
use refinery::Runner;
use refinery::error::Kind;
use rusqlite::{Connection, TransactionBehavior};
use text::{History, histories};

mod condition;
mod derive;
mod fitness;
mod text;

pub use condition::{Condition, condition};
pub use text::{Migration, Migrations};

/// The outcome of a migration run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The migrations that were applied by this run, in order; empty when the schema was up to date.
    pub applied: Vec<String>,
}

/// Why a database could not be migrated. All missing migrations of Mainstay and the records that they were applied are
/// one transaction, so an interruption leaves nothing of them; then those of each application are one.
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
    /// The text or the name of a migration is not what both engines take. Nothing was applied.
    #[error("{0}")]
    Text(String),
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

/// Applies the migrations that the database does not have yet: Mainstay's, then those of the application. Safe when
/// several processes start at once: on PostgreSQL they wait for each other, on SQLite the second one finds the
/// migrations applied.
///
/// # Errors
/// See [`MigrateError`]; a database that is newer than this program is an error.
pub async fn migrate(options: &DatabaseOptions, more: &[Migrations]) -> Result<Report, MigrateError> {
    if options.url.starts_with("postgres") {
        return on_postgres(options, &histories(Engine::Postgres, more)?).await;
    }
    let (options, histories) = (options.clone(), histories(Engine::Sqlite, more)?);
    tokio::task::spawn_blocking(move || on_sqlite(&options, &histories))
        .await
        .map_err(MigrateError::BrokenOff)?
}

async fn on_postgres(options: &DatabaseOptions, histories: &[History]) -> Result<Report, MigrateError> {
    let (mut client, connection) = postgres_client(options).await?;
    fit(&fitness::of_postgres(&client).await?)?;
    for reason in fitness::not_durable(&client).await? {
        tracing::warn!(
            reason,
            "what this database acknowledges may be lost in a power cut"
        );
    }
    let locked = client.batch_execute(dialect::LOCK_MIGRATIONS).await;
    locked.map_err(|error| DatabaseError::Unavailable {
        what: format!("cannot lock for migrations: {error}"),
    })?;
    let mut outcome = Ok(Report::default());
    for history in histories {
        let done = history.runner().run_async(&mut client).await;
        outcome = outcome.and_then(|report| report.and(history, done));
        if outcome.is_err() {
            break;
        }
    }
    drop(client);
    // The connection's end releases the lock; wait for it, so that the next process does not find it locked.
    let _ = connection.await;
    outcome
}

fn on_sqlite(options: &DatabaseOptions, histories: &[History]) -> Result<Report, MigrateError> {
    fit(&fitness::of_sqlite(options)?)?;
    let mut connection = sqlite_connection(options)?;
    // A transaction that began by reading could not write once another process had written, however long it waited.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let patient = connection.busy_timeout(options.wait_limit);
    patient.map_err(|error| DatabaseError::Unavailable {
        what: error.to_string(),
    })?;
    histories.iter().try_fold(Report::default(), |report, history| {
        report.and(history, run_on_sqlite(&history.runner(), &mut connection))
    })
}

fn run_on_sqlite(runner: &Runner, connection: &mut Connection) -> Result<refinery::Report, refinery::Error> {
    loop {
        let before = count(runner, connection);
        match runner.run(connection) {
            // Another process applied the same migrations meanwhile, so these were rolled back: check again.
            Err(error)
                if matches!(error.kind(), Kind::Connection(..)) && count(runner, connection) > before => {}
            outcome => return outcome,
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

impl Report {
    /// Adds the outcome of one run.
    fn and(
        mut self,
        history: &History,
        done: Result<refinery::Report, refinery::Error>,
    ) -> Result<Self, MigrateError> {
        let done = done.map_err(|error| classify(error, history))?;
        let applied = done.applied_migrations().iter();
        self.applied
            .extend(applied.map(|migration| history.name(migration)));
        Ok(self)
    }
}

fn classify(error: refinery::Error, history: &History) -> MigrateError {
    let known = history.last_version();
    match error.kind() {
        Kind::MissingVersion(applied) if applied.version() > known => MigrateError::Newer {
            applied: history.name(applied),
            known,
        },
        Kind::DivergentVersion(applied, _) => MigrateError::Edited {
            applied: history.name(applied),
        },
        _ => MigrateError::Refused(Box::new(error)),
    }
}
