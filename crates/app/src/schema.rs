//! The schema alone, for deployments that migrate it before the new version starts, or only inspect it.

use crate::app::App;
use crate::database::database_options;
use crate::error::StartError;
use crate::private;
use mainstay_platform::config::Settings;
use mainstay_platform::database::sqlite_path;
pub use mainstay_repositories::{Condition, Report};
use std::path::PathBuf;

/// Migrates the schema, without opening the application.
///
/// # Errors
/// The database is unavailable, newer than this program, or rejects a statement.
pub async fn migrate(app: &App, settings: &Settings) -> Result<Report, StartError> {
    private::tighten(settings);
    mainstay_repositories::migrate(&database_options(settings), app.migrations())
        .await
        .map_err(StartError::Migrate)
}

/// Reads the condition of the schema without changing it. A SQLite file that does not exist yet is created, empty.
///
/// # Errors
/// The database is unavailable.
pub async fn condition(app: &App, settings: &Settings) -> Result<Condition, StartError> {
    mainstay_repositories::condition(&database_options(settings), app.migrations())
        .await
        .map_err(StartError::Migrate)
}

/// The path of the database file, if the settings name one and it does not exist.
pub fn missing_file(settings: &Settings) -> Option<PathBuf> {
    let path = sqlite_path(settings.database.url.expose()).ok()?;
    (!path.exists()).then_some(path)
}

/// Checks that the database exists and has the schema of this program. Creates and changes nothing.
///
/// # Errors
/// The database does not exist, its schema is older or newer, or it is unavailable.
pub async fn ready(app: &App, settings: &Settings) -> Result<(), StartError> {
    if let Some(path) = missing_file(settings) {
        return Err(StartError::Absent(format!(
            "there is no database: {} is not there; check DATA_DIR and DATABASE_URL (`{} serve` makes one)",
            path.display(),
            app.name()
        )));
    }
    let Condition {
        missing,
        unknown,
        unfit,
        ..
    } = condition(app, settings).await?;
    if !unfit.is_empty() {
        return Err(StartError::Absent(unfit.join("; ")));
    }
    let sentence = match (missing.as_slice(), unknown.as_slice()) {
        ([], []) => return Ok(()),
        (_, []) => format!(
            "the schema of the database lacks {}: `{name} migrate` or `{name} serve` makes it",
            missing.join(", "),
            name = app.name()
        ),
        _ => format!(
            "the database is newer than this program: it has {}",
            unknown.join(", ")
        ),
    };
    Err(StartError::Absent(sentence))
}
