//! The schema alone, for those who bring it up to date before the new version starts, or only want to know.

use crate::fault::StartFault;
use crate::open::database_options;
use crate::private;
use mainstay_platform::config::Settings;
use mainstay_platform::database::sqlite_path;
pub use mainstay_repositories::{Condition, Report};
use std::path::PathBuf;

/// Brings the schema up to date, and does nothing else.
///
/// # Errors
/// The database is away, newer than this program, or refuses.
pub async fn migrate(settings: &Settings) -> Result<Report, StartFault> {
    private::tighten(settings);
    mainstay_repositories::migrate(&database_options(settings))
        .await
        .map_err(StartFault::Migrate)
}

/// Looks at the database without changing it. A SQLite file that is not there yet would be made empty.
///
/// # Errors
/// The database is away.
pub async fn condition(settings: &Settings) -> Result<Condition, StartFault> {
    mainstay_repositories::condition(&database_options(settings))
        .await
        .map_err(StartFault::Migrate)
}

/// The file of the database, when the settings name one and it is not there.
pub fn missing_file(settings: &Settings) -> Option<PathBuf> {
    let path = sqlite_path(settings.database.url.expose()).ok()?;
    (!path.exists()).then_some(path)
}

/// That the database is there and has the schema of this program. Makes and changes nothing.
///
/// # Errors
/// It has not, or the database is away.
pub async fn ready(settings: &Settings) -> Result<(), StartFault> {
    if let Some(path) = missing_file(settings) {
        return Err(StartFault::Absent(format!(
            "there is no database: {} is not there; check DATA_DIR and DATABASE_URL (`mainstay serve` makes one)",
            path.display()
        )));
    }
    let Condition { missing, unknown, .. } = condition(settings).await?;
    let sentence = match (missing.as_slice(), unknown.as_slice()) {
        ([], []) => return Ok(()),
        (_, []) => format!(
            "the schema of the database lacks {}: `mainstay migrate` or `mainstay serve` makes it",
            missing.join(", ")
        ),
        _ => format!(
            "the database is newer than this program: it has {}",
            unknown.join(", ")
        ),
    };
    Err(StartFault::Absent(sentence))
}
