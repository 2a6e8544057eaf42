//! A fresh database of each engine, removed when the test is over.

use crate::is_ci;
use mainstay_platform::database::{Database, DatabaseOptions, Engine};
use mainstay_repositories::migrate;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The PostgreSQL server, unless `TEST_POSTGRES_URL` names another one.
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Runs a body in a transaction. The variables that it captures are listed and cloned, because it may run again.
macro_rules! write {
    ($store:expr, [$($captured:ident),*], |$tx:ident| $body:block) => {{
        $(let $captured = $captured.clone();)*
        $store
            .database
            .write(mainstay_platform::database::Isolation::ReadCommitted, move |$tx| {
                $(let $captured = $captured.clone();)*
                Box::pin(async move {
                    let answer: mainstay_domain::Result<_> = async { $body }.await;
                    answer
                })
            })
            .await
    }};
}

/// A migrated database.
pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) options: DatabaseOptions,
    _location: DatabaseLocation,
}

/// An empty database that is removed with this value.
#[expect(dead_code, reason = "kept only to be dropped with the store")]
pub(crate) enum DatabaseLocation {
    File(TempDir),
    Server(Server),
}

/// A temporary database on the PostgreSQL server.
pub(crate) struct Server {
    admin: DatabaseOptions,
    name: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let (admin, drop) = (
            self.admin.clone(),
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
        // A thread of its own, because the test's runtime is blocked by this drop.
        let gone = std::thread::spawn(move || runtime().block_on(run(&admin, &drop))).join();
        assert!(
            matches!(gone, Ok(Ok(()))) || std::thread::panicking(),
            "the test's database could not be dropped"
        );
    }
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn run(options: &DatabaseOptions, statement: &str) -> Result<(), String> {
    let (client, _) = mainstay_platform::database::postgres_client(options)
        .await
        .map_err(|e| e.to_string())?;
    client
        .batch_execute(statement)
        .await
        .map_err(|e| format!("{e:?}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "test runs are configured by environment variables"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// An empty database, not migrated; `None`, with a printed notice, when there is no server.
pub(crate) async fn empty(engine: Engine) -> Option<(DatabaseOptions, DatabaseLocation)> {
    empty_with(engine, "").await
}

/// The same with further options for PostgreSQL's CREATE DATABASE.
pub(crate) async fn empty_with(
    engine: Engine,
    create_options: &str,
) -> Option<(DatabaseOptions, DatabaseLocation)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    if engine == Engine::Sqlite {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        return Some((DatabaseOptions::new(url), DatabaseLocation::File(folder)));
    }
    let url = environment("TEST_POSTGRES_URL").unwrap_or_else(|| DEFAULT_URL.to_owned());
    let admin = DatabaseOptions::new(&url);
    let name = format!(
        "mainstay_test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    if let Err(reason) = run(
        &admin,
        &format!("CREATE DATABASE {name} TEMPLATE template0 {create_options}"),
    )
    .await
    {
        is_ci::skip("PostgreSQL at TEST_POSTGRES_URL", &reason);
        return None;
    }
    let (base, parameters) = url
        .split_once('?')
        .map_or((url.as_str(), None), |(base, rest)| (base, Some(rest)));
    let server = &base[..base.rfind('/').unwrap()];
    let url = format!(
        "{server}/{name}{}",
        parameters.map(|rest| format!("?{rest}")).unwrap_or_default()
    );
    Some((
        DatabaseOptions {
            pool_size: 8,
            ..DatabaseOptions::new(url)
        },
        DatabaseLocation::Server(Server { admin, name }),
    ))
}

impl Store {
    /// A migrated database; `None`, with a printed notice, when there is no server.
    pub(crate) async fn fresh(engine: Engine) -> Option<Self> {
        Self::migrated(empty(engine).await?).await
    }

    /// A migrated database of PostgreSQL with a locale of its own.
    pub(crate) async fn of_locale(locale: &str) -> Option<Self> {
        Self::migrated(empty_with(Engine::Postgres, &format!("LOCALE '{locale}'")).await?).await
    }

    async fn migrated((options, location): (DatabaseOptions, DatabaseLocation)) -> Option<Self> {
        migrate(&options, &[]).await.unwrap();
        let database = Database::open(&options).await.unwrap();
        Some(Self {
            database,
            options,
            _location: location,
        })
    }
}

/// Runs a test on SQLite and then on PostgreSQL.
pub(crate) fn on_both(test: impl AsyncFn(std::sync::Arc<Store>)) {
    let runtime = runtime();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        runtime.block_on(async {
            if let Some(store) = Store::fresh(engine).await {
                let store = std::sync::Arc::new(store);
                test(std::sync::Arc::clone(&store)).await;
                store.database.close().await;
            }
        });
    }
}
