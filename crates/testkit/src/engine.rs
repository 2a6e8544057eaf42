//! The database engines, and the address of the PostgreSQL server.

use crate::is_ci;

/// The engine of a test's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the server at `TEST_POSTGRES_URL`.
    Postgres,
}

/// The URL of the server on which tests may create databases.
pub(crate) fn postgres_server() -> String {
    variable("TEST_POSTGRES_URL").unwrap_or_else(|| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// Reports, once per process, that an engine was not tested. In CI that is a failure.
pub(crate) fn skip(server: &str, error: &dyn std::error::Error) {
    let address = server.rsplit_once('@').map_or(server, |(_, address)| address);
    is_ci::skip(&format!("PostgreSQL at {address}"), &error);
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by environment variables; no configuration has been read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
