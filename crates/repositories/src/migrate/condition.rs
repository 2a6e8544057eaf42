//! Read-only checks of a database's schema and settings.

use super::{MigrateError, postgres, sqlite};
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
}

/// Checks the schema and the settings that durability depends on. Changes nothing, except that a SQLite file that
/// does not exist is created empty: the caller must check first whether it exists.
///
/// # Errors
/// The database cannot be reached or opened.
pub async fn condition(options: &DatabaseOptions) -> Result<Condition, MigrateError> {
    if options.url.starts_with("postgres") {
        return of_postgres(options).await;
    }
    let options = options.clone();
    tokio::task::spawn_blocking(move || of_sqlite(&options))
        .await
        .map_err(MigrateError::BrokenOff)?
}

fn of_sqlite(options: &DatabaseOptions) -> Result<Condition, MigrateError> {
    let runner = sqlite::migrations::runner();
    let mut connection = sqlite_connection(options)?;
    // A database that was never migrated has no table of migrations.
    let applied = runner.get_applied_migrations(&mut connection).unwrap_or_default();
    // Without a write-ahead log, or without syncing to disk, it would not have been opened.
    Ok(compare(&runner, &applied, Vec::new()))
}

async fn of_postgres(options: &DatabaseOptions) -> Result<Condition, MigrateError> {
    let runner = postgres::migrations::runner();
    let (mut client, connection) = postgres_client(options).await?;
    let mut not_durable = Vec::new();
    for (setting, loss) in [
        ("fsync", "a power cut may damage the whole database"),
        (
            "full_page_writes",
            "a power cut may damage pages that were being written",
        ),
        ("synchronous_commit", "the last writes may be lost in a power cut"),
    ] {
        let row = client.query_one(&format!("SHOW {setting}"), &[]).await;
        let row = row.map_err(|error| DatabaseError::Unavailable {
            what: error.to_string(),
        })?;
        if row.get::<_, &str>(0) == "off" {
            not_durable.push(format!("{setting} is off: {loss}"));
        }
    }
    let applied = runner
        .get_applied_migrations_async(&mut client)
        .await
        .unwrap_or_default();
    drop(client);
    let _ = connection.await;
    Ok(compare(&runner, &applied, not_durable))
}

fn compare(runner: &Runner, applied: &[Migration], not_durable: Vec<String>) -> Condition {
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
        not_durable,
    }
}
