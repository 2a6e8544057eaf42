//! Databases on a PostgreSQL server: each run of a measurement gets a copy of the prepared one.

use crate::error::BenchError;
use tokio_postgres::{Client, NoTls};

/// Creates or drops databases.
#[derive(clap::Subcommand)]
pub(crate) enum Databases {
    /// Creates an empty database, or a copy.
    Make {
        url: String,
        name: String,
        /// The database to copy; no client may be connected to it.
        #[arg(long)]
        like: Option<String>,
    },
    /// Drops databases, closing their open connections.
    Remove { url: String, names: Vec<String> },
}

impl Databases {
    /// Runs the command.
    pub(crate) async fn run(self) -> Result<(), BenchError> {
        match self {
            Self::Make { url, name, like } => {
                let like = like
                    .map(|like| format!(" TEMPLATE {}", quoted(&like)))
                    .unwrap_or_default();
                let client = connect(&url).await?;
                client
                    .batch_execute(&format!("CREATE DATABASE {}{like}", quoted(&name)))
                    .await?;
                // The pages written by the copy must not be flushed in the middle of a measurement.
                client.batch_execute("CHECKPOINT").await?;
            }
            Self::Remove { url, names } => {
                let client = connect(&url).await?;
                for name in names {
                    client
                        .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name)))
                        .await?;
                }
            }
        }
        Ok(())
    }
}

/// A quoted identifier, without quotes inside.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}

/// A connection of the bare driver.
pub(crate) async fn connect(url: &str) -> Result<Client, BenchError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        // The statement that waits for a broken connection reports the error.
        let _ = connection.await;
    });
    Ok(client)
}
