//! The schema alone, for those who bring it up to date before the new version starts, or only want to know.

use crate::fault::StartFault;
use crate::open::database_options;
use mainstay_platform::config::Settings;
pub use mainstay_repositories::{Condition, Report};

/// Brings the schema up to date, and does nothing else.
///
/// # Errors
/// The database is away, newer than this program, or refuses.
pub async fn migrate(settings: &Settings) -> Result<Report, StartFault> {
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
