//! The database that the settings name.

use mainstay_platform::config::Settings;
use mainstay_platform::database::DatabaseOptions;

/// The options of the database in the settings.
pub fn database_options(settings: &Settings) -> DatabaseOptions {
    DatabaseOptions {
        url: settings.database.url.expose().clone(),
        pool_size: settings.database.pool,
        ..DatabaseOptions::default()
    }
}
