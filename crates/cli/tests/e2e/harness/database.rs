//! A fresh database on the PostgreSQL server.

use crate::is_ci;
use mainstay_platform::database::{DatabaseOptions, postgres_client};
use std::sync::atomic::{AtomicU32, Ordering};

/// A database that is dropped with the value.
pub(crate) struct PostgresDatabase {
    base: String,
    name: String,
}

impl PostgresDatabase {
    /// Creates one; `None`, reported as a skipped test, where there is no server. In CI that is a failure.
    pub(crate) async fn make() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let base = std::env::var("TEST_POSTGRES_URL");
        let base = base.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let (client, _task) = match postgres_client(&DatabaseOptions::new(&*base)).await {
            Ok(connected) => connected,
            Err(error) => {
                is_ci::skip("PostgreSQL at TEST_POSTGRES_URL", &error);
                return None;
            }
        };
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        Some(Self { base, name })
    }

    /// The URL of the database.
    pub(crate) fn url(&self) -> String {
        let (head, query) = self
            .base
            .split_once('?')
            .map_or((&*self.base, ""), |(head, query)| (head, query));
        let server = head.rsplit_once('/').unwrap().0;
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{server}/{}{mark}{query}", self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (base, name) = (self.base.clone(), self.name.clone());
        // A thread of its own: this runs inside the test's runtime, where blocking is not allowed.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let (client, _task) = postgres_client(&DatabaseOptions::new(base)).await.unwrap();
                client
                    .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    .await
                    .unwrap();
            });
        });
        assert!(
            dropping.join().is_ok() || std::thread::panicking(),
            "the database {} was left behind",
            self.name
        );
    }
}
