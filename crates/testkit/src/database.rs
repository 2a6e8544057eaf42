//! A fresh database for each test, and a look behind the curtain.

use crate::engine::{self, Engine};
use futures_util::future::BoxFuture;
use mainstay_platform::database::{DatabaseError, DatabaseOptions, postgres_client, sqlite_connection};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A database of one test with the folder of its files.
pub(crate) struct TestDatabase {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    folder: TempDir,
    /// On PostgreSQL: the server, and the database's name on it.
    on_server: Option<(String, String)>,
}

impl TestDatabase {
    /// Makes one; `None` when the engine cannot be had here, which was said.
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

    /// Where the files of the app go.
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

    /// Runs statements past the house: what somebody does who reached the database itself.
    pub(crate) async fn tamper(&self, sql: &str) -> Result<(), String> {
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

    /// Reads texts past the house. Every column has to be cast to `TEXT`.
    pub(crate) async fn peek(&self, sql: &str) -> Vec<Vec<Option<String>>> {
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

    /// Keeps everybody else from changing products until it is let go; reading goes on.
    pub(crate) async fn hold(&self) -> DatabaseHold {
        match self.engine {
            Engine::Sqlite => {
                let connection = sqlite_connection(&self.options()).expect("the file is there");
                connection
                    .execute_batch("BEGIN IMMEDIATE")
                    .expect("nobody else writes");
                DatabaseHold(Box::new(move || {
                    Box::pin(async move { connection.execute_batch("ROLLBACK").expect("it was begun") })
                }))
            }
            Engine::Postgres => {
                let (client, _task) = postgres_client(&self.options())
                    .await
                    .expect("the server is there");
                let begin = "BEGIN; LOCK TABLE products IN EXCLUSIVE MODE";
                client.batch_execute(begin).await.expect("nobody else holds it");
                DatabaseHold(Box::new(move || {
                    Box::pin(async move { client.batch_execute("ROLLBACK").await.expect("it was begun") })
                }))
            }
        }
    }

    /// Takes the database off the server. Who is still connected is thrown out.
    async fn remove((server, name): &(String, String)) {
        if let Ok((client, _task)) = postgres_client(&DatabaseOptions::new(server.clone())).await {
            // What stays behind disturbs nobody; the test itself has its verdict.
            let _ = client
                .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(place) = &self.on_server {
            apart(async || Self::remove(place).await);
        }
    }
}

/// Does something on a thread and a runtime of its own: whatever state the test left its own in, it waits for nobody
/// in it. `None` when it panicked.
pub(crate) fn apart<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> Option<T> {
    let alone = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime
            .expect("the system has room for a runtime")
            .block_on(work())
    };
    std::thread::scope(|scope| scope.spawn(alone).join()).ok()
}

/// A database in which nobody else can change products.
pub struct DatabaseHold(Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>);

impl DatabaseHold {
    /// Lets it go.
    pub async fn release(self) {
        (self.0)().await;
    }
}

async fn create(server: &str) -> Result<(String, String), DatabaseError> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let (client, _task) = postgres_client(&DatabaseOptions::new(server)).await?;
    let name = format!(
        "story_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let made = client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .await;
    let made = made.and(client.batch_execute(&format!("CREATE DATABASE {name}")).await);
    made.unwrap_or_else(|error| panic!("cannot make the database {name}: {error:?}"));
    let (address, query) = server
        .split_once('?')
        .map_or((server, String::new()), |(a, q)| (a, format!("?{q}")));
    let host = address.rsplit_once('/').map_or(address, |(host, _)| host);
    Ok((format!("{host}/{name}{query}"), name))
}
