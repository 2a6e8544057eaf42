//! Read-only checks of a database's schema and settings.

use super::text::{History, Migrations, histories};
use super::{MigrateError, fitness};
use mainstay_platform::database::{
    DatabaseError, DatabaseOptions, Engine, postgres_client, sqlite_connection,
};
use refinery::Migration;

/// The state of a database's schema and of its durability settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Migrations that this program knows and the database does not have.
    pub missing: Vec<String>,
    /// Migrations that the database has and this program does not know: a newer version applied them.
    pub unknown: Vec<String>,
    /// Why an acknowledged write may be lost in a power cut, one reason per line; empty when it cannot.
    pub not_durable: Vec<String>,
    /// Why the database cannot store Mainstay's data, a sentence each with what to do; empty when it can.
    pub unfit: Vec<String>,
}

impl Condition {
    /// Compares what this program knows with what was applied.
    fn add(&mut self, history: &History, applied: &[Migration]) {
        let without = |these: &[Migration], those: &[Migration]| -> Vec<String> {
            let left = these
                .iter()
                .filter(|one| those.iter().all(|other| other.version() != one.version()));
            left.map(|migration| history.name(migration)).collect()
        };
        self.missing.extend(without(history.known(), applied));
        self.unknown.extend(without(applied, history.known()));
    }
}

/// Checks the schema, with the migrations of the application, and the settings that durability depends on. Changes
/// nothing, except that a SQLite file that does not exist is created empty: the caller must check first whether it
/// exists.
///
/// # Errors
/// The database cannot be reached or opened.
pub async fn condition(options: &DatabaseOptions, more: &[Migrations]) -> Result<Condition, MigrateError> {
    if options.url.starts_with("postgres") {
        return of_postgres(options, &histories(Engine::Postgres, more)?).await;
    }
    let (options, histories) = (options.clone(), histories(Engine::Sqlite, more)?);
    tokio::task::spawn_blocking(move || of_sqlite(&options, &histories))
        .await
        .map_err(MigrateError::BrokenOff)?
}

fn of_sqlite(options: &DatabaseOptions, histories: &[History]) -> Result<Condition, MigrateError> {
    let mut condition = Condition {
        // Without a write-ahead log, or without waiting for the disk, it would not have been opened.
        not_durable: Vec::new(),
        unfit: fitness::of_sqlite(options)?,
        ..Condition::default()
    };
    if !condition.unfit.is_empty() {
        return Ok(condition);
    }
    let mut connection = sqlite_connection(options)?;
    for history in histories {
        // A database that was never migrated has no history table to query.
        let has_history = fitness::has_history(&connection, &history.table);
        let has_history = has_history.map_err(|error| DatabaseError::Unavailable {
            what: error.to_string(),
        })?;
        let applied = match has_history {
            true => history
                .runner()
                .get_applied_migrations(&mut connection)
                .map_err(refused)?,
            false => Vec::new(),
        };
        condition.add(history, &applied);
    }
    Ok(condition)
}

async fn of_postgres(options: &DatabaseOptions, histories: &[History]) -> Result<Condition, MigrateError> {
    let (mut client, connection) = postgres_client(options).await?;
    let mut condition = Condition {
        unfit: fitness::of_postgres(&client).await?,
        not_durable: fitness::not_durable(&client).await?,
        ..Condition::default()
    };
    for history in histories {
        let has_history = client
            .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&history.table])
            .await
            .and_then(|row| row.try_get(0))
            .map_err(|error| DatabaseError::Unavailable {
                what: error.to_string(),
            })?;
        let applied = match has_history {
            true => {
                let runner = history.runner();
                runner
                    .get_applied_migrations_async(&mut client)
                    .await
                    .map_err(refused)?
            }
            false => Vec::new(),
        };
        condition.add(history, &applied);
    }
    drop(client);
    // It ends because the client is dropped; its result does not matter.
    let _ = connection.await;
    Ok(condition)
}

fn refused(error: refinery::Error) -> MigrateError {
    MigrateError::Refused(Box::new(error))
}
