//! Databases on a PostgreSQL server: each turn of a measurement gets a copy of the one that was prepared.

use crate::fault::Fault;
use tokio_postgres::{Client, NoTls};

/// Makes or removes a database.
#[derive(clap::Subcommand)]
pub(crate) enum Databases {
    /// Makes an empty one, or a copy.
    Make {
        url: String,
        name: String,
        /// The one to copy, which nobody may be connected to.
        #[arg(long)]
        like: Option<String>,
    },
    /// Removes some, and whoever is connected to them.
    Remove { url: String, names: Vec<String> },
}

impl Databases {
    /// Makes or removes.
    pub(crate) async fn run(self) -> Result<(), Fault> {
        match self {
            Self::Make { url, name, like } => {
                let like = like
                    .map(|like| format!(" TEMPLATE {}", plain(&like)))
                    .unwrap_or_default();
                let client = connect(&url).await?;
                client
                    .batch_execute(&format!("CREATE DATABASE {}{like}", plain(&name)))
                    .await?;
                // What the copy wrote must not be written back in the middle of a measurement.
                client.batch_execute("CHECKPOINT").await?;
            }
            Self::Remove { url, names } => {
                let client = connect(&url).await?;
                for name in names {
                    client
                        .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", plain(&name)))
                        .await?;
                }
            }
        }
        Ok(())
    }
}

/// A name in quotes, without what would end them.
fn plain(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}

/// A connection by the driver alone.
pub(crate) async fn connect(url: &str) -> Result<Client, Fault> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        // A connection that breaks is told by the statement that waits for it.
        let _ = connection.await;
    });
    Ok(client)
}
