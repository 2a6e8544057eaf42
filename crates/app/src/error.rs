//! The errors that prevent a process from starting.

use mainstay_domain::Error;
use std::io;
use std::path::PathBuf;

/// An error that prevents a process from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder or file cannot be used.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The path of the folder or file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// The master key cannot be read or created.
    #[error("the master key: {0}")]
    MasterKey(#[source] mainstay_platform::crypto::master_key::MasterKeyError),
    /// The schema cannot be migrated.
    #[error("migrating the database: {0}")]
    Migrate(#[source] mainstay_repositories::MigrateError),
    /// The database cannot be opened.
    #[error("opening the database: {0}")]
    Database(#[source] mainstay_platform::database::DatabaseError),
    /// A command that only reads found no database with this program's schema.
    #[error("{0}")]
    Absent(String),
    /// The application's parts do not fit together: a bug of its program.
    #[error("the application cannot be composed:\n  {}", .0.join("\n  "))]
    Composition(Vec<String>),
    /// A setting is invalid.
    #[error("{0}")]
    Setting(String),
    /// The content of the database cannot be used.
    #[error("reading what the database holds: {}", with_causes(.0))]
    Content(#[source] Error),
    /// The address cannot be bound.
    #[error("listening on {address}: {cause}")]
    Listen {
        /// The configured address.
        address: String,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
}

/// The error with its causes: at the start there is no client to hide them from.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
