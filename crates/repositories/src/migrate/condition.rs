//! What a database is like, looked at without changing it.

use super::{MigrateError, postgres, sqlite};
use mainstay_platform::database::{DatabaseError, DatabaseOptions, postgres_client, sqlite_connection};
use refinery::{Migration, Runner};

/// What a database is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// The migrations that this program knows and the database does not have.
    pub missing: Vec<String>,
    /// The migrations that the database has and this program does not know: a newer one has been here.
    pub unknown: Vec<String>,
    /// Why a write that was acknowledged may be lost in a power cut, one reason a line; empty when it may not.
    pub not_durable: Vec<String>,
}

/// Looks at the schema, and at the settings on which durability hangs. Makes and changes nothing, but a SQLite file
/// that is not there yet would be made empty: look first whether it is.
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
    // Where nothing was ever migrated there is no table to ask.
    let applied = runner.get_applied_migrations(&mut connection).unwrap_or_default();
    // Without a write-ahead log, or without waiting for the disk, it would not have been opened.
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
