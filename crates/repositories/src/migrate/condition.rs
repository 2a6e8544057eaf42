//! Read-only checks of a database's schema and settings.

use super::{MigrateError, fitness, postgres, sqlite};
use mainstay_platform::database::{DatabaseError, DatabaseOptions, postgres_client, sqlite_connection};
use refinery::{Migration, Runner};

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

/// Checks the schema and the settings that durability depends on. Changes nothing, except that a SQLite file that
/// does not exist is created empty: the caller must check first whether it exists.
///
/// # Errors
/// The database cannot be reached or opened.
pub async fn condition(
    options: &DatabaseOptions,
    _more: &[super::text::Migrations],
) -> Result<Condition, MigrateError> {
    if options.url.starts_with("postgres") {
        return of_postgres(options).await;
    }
    let options = options.clone();
    tokio::task::spawn_blocking(move || of_sqlite(&options))
        .await
        .map_err(MigrateError::BrokenOff)?
}

fn of_sqlite(options: &DatabaseOptions) -> Result<Condition, MigrateError> {
    let unfit = fitness::of_sqlite(options)?;
    if !unfit.is_empty() {
        return Ok(Condition {
            unfit,
            ..Condition::default()
        });
    }
    let runner = sqlite::migrations::runner();
    let mut connection = sqlite_connection(options)?;
    // A database that was never migrated has no history table to query.
    let has_history = fitness::has_history(&connection).map_err(|error| DatabaseError::Unavailable {
        what: error.to_string(),
    })?;
    let applied = match has_history {
        true => runner.get_applied_migrations(&mut connection).map_err(refused)?,
        false => Vec::new(),
    };
    // Without a write-ahead log, or without waiting for the disk, it would not have been opened.
    Ok(compare(&runner, &applied))
}

async fn of_postgres(options: &DatabaseOptions) -> Result<Condition, MigrateError> {
    let runner = postgres::migrations::runner();
    let (mut client, connection) = postgres_client(options).await?;
    let unfit = fitness::of_postgres(&client).await?;
    let not_durable = fitness::not_durable(&client).await?;
    let history = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
    let history = client.query_one(history, &[]).await;
    let has_history = history.and_then(|row| row.try_get(0));
    let has_history = has_history.map_err(|error| DatabaseError::Unavailable {
        what: error.to_string(),
    })?;
    let applied = match has_history {
        true => runner
            .get_applied_migrations_async(&mut client)
            .await
            .map_err(refused)?,
        false => Vec::new(),
    };
    drop(client);
    // It ends because the client is dropped; its result does not matter.
    let _ = connection.await;
    Ok(Condition {
        not_durable,
        unfit,
        ..compare(&runner, &applied)
    })
}

fn refused(error: refinery::Error) -> MigrateError {
    MigrateError::Refused(Box::new(error))
}

fn compare(runner: &Runner, applied: &[Migration]) -> Condition {
    let known = runner.get_migrations();
    let without = |these: &[Migration], those: &[Migration]| {
        let left = these
            .iter()
            .filter(|one| those.iter().all(|other| other.version() != one.version()));
        left.map(ToString::to_string).collect()
    };
    Condition {
        missing: without(known, applied),
        unknown: without(applied, known),
        ..Condition::default()
    }
}
