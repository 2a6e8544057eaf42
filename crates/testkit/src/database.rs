//! A fresh database for each test, with direct access to it.

use crate::engine::{self, Engine};
use futures_util::future::BoxFuture;
use mainstay_platform::database::{DatabaseError, DatabaseOptions, postgres_client, sqlite_connection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The database of one test, with the folder of its files.
pub(crate) struct TestDatabase {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    folder: TempDir,
    /// On PostgreSQL: the server, and the database's name on it.
    on_server: Option<(String, String)>,
}

impl TestDatabase {
    /// Creates one; `None` when the engine is not available here, which is reported as a skipped test.
    pub(crate) async fn make(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
        match engine {
            Engine::Sqlite => {
                let url = format!("sqlite://{}", folder.path().join("mainstay.db").display());
                Some(Self {
                    engine,
                    url,
                    folder,
                    on_server: None,
                })
            }
            Engine::Postgres => {
                let server = engine::postgres_server();
                match create(&server).await {
                    Ok((url, name)) => Some(Self {
                        engine,
                        url,
                        folder,
                        on_server: Some((server, name)),
                    }),
                    Err(error) => {
                        engine::skip(&server, &error);
                        None
                    }
                }
            }
        }
    }

    /// The folder of the app's files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn options(&self) -> DatabaseOptions {
        DatabaseOptions {
            pool_size: 2,
            readers: 1,
            ..DatabaseOptions::new(self.url.clone())
        }
    }

    /// Executes statements directly on the database, bypassing the application.
    pub(crate) async fn execute_raw(&self, sql: &str) -> Result<(), String> {
        match self.engine {
            Engine::Sqlite => {
                let connection = sqlite_connection(&self.options()).expect("the file is there");
                connection
                    .execute_batch(sql)
                    .map_err(|error| format!("{sql}: {error}"))
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&self.options())
                    .await
                    .expect("the server is there");
                client
                    .batch_execute(sql)
                    .await
                    .map_err(|error| format!("{sql}: {error:?}"))
            }
        }
    }

    /// Queries the database directly, bypassing the application. Every column must be cast to `TEXT`.
    pub(crate) async fn query_raw(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        match self.engine {
            Engine::Sqlite => {
                let connection = sqlite_connection(&self.options()).expect("the file is there");
                let mut statement = connection
                    .prepare(sql)
                    .unwrap_or_else(|error| panic!("{sql}: {error}"));
                let columns = statement.column_count();
                let rows =
                    statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
                let rows: Result<_, _> = rows.expect("it takes no parameters").collect();
                rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&self.options())
                    .await
                    .expect("the server is there");
                let rows = client
                    .query(sql, &[])
                    .await
                    .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
                rows.iter()
                    .map(|row| (0..row.len()).map(|column| row.get(column)).collect())
                    .collect()
            }
        }
    }

    /// Blocks all other writers of products until the hold is released; reads continue.
    pub(crate) async fn hold(&self) -> DatabaseHold {
        match self.engine {
            Engine::Sqlite => {
                let connection = sqlite_connection(&self.options()).expect("the file is there");
                connection
                    .execute_batch("BEGIN IMMEDIATE")
                    .expect("there is no other writer");
                DatabaseHold(Box::new(move || {
                    Box::pin(async move {
                        connection
                            .execute_batch("ROLLBACK")
                            .expect("a transaction is open");
                    })
                }))
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&self.options())
                    .await
                    .expect("the server is there");
                let begin = "BEGIN; LOCK TABLE products IN EXCLUSIVE MODE";
                client.batch_execute(begin).await.expect("the lock is free");
                DatabaseHold(Box::new(move || {
                    Box::pin(async move {
                        client
                            .batch_execute("ROLLBACK")
                            .await
                            .expect("a transaction is open");
                    })
                }))
            }
        }
    }

    /// Drops the database on the server, closing its open connections.
    async fn remove((server, name): &(String, String)) {
        if let Ok((client, _task)) = postgres_client(&DatabaseOptions::new(server.clone())).await {
            // A database that remains is harmless; the test already has its result.
            let _ = client
                .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(database) = &self.on_server {
            apart(async || Self::remove(database).await);
        }
    }
}

/// Runs `work` on a thread and a runtime of its own, so that it cannot wait for the test's runtime, whatever state that
/// is in. `None` when it panicked.
pub(crate) fn apart<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> Option<T> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .expect("the system has room for a runtime")
            .block_on(work())
    };
    std::thread::scope(|scope| scope.spawn(run).join()).ok()
}

/// A lock under which no other transaction can change products.
pub struct DatabaseHold(Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>);

impl DatabaseHold {
    /// Releases the lock.
    pub async fn release(self) {
        (self.0)().await;
    }
}

async fn create(server: &str) -> Result<(String, String), DatabaseError> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let (client, _task) = postgres_client(&DatabaseOptions::new(server)).await?;
    let name = format!(
        "test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let created = client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await;
    let created = created.and(client.batch_execute(&format!("CREATE DATABASE {name}")).await);
    created.unwrap_or_else(|error| panic!("cannot create the database {name}: {error:?}"));
    let (address, query) = server
        .split_once('?')
        .map_or((server, String::new()), |(a, q)| (a, format!("?{q}")));
    let host = address.rsplit_once('/').map_or(address, |(host, _)| host);
    Ok((format!("{host}/{name}{query}"), name))
}
