//! The engines, and where PostgreSQL is.

use crate::unattended;

/// What a story's database runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own on the server at `TEST_POSTGRES_URL`.
    Postgres,
}

/// The server that tests may make databases on.
pub(crate) fn postgres_server() -> String {
    variable("TEST_POSTGRES_URL").unwrap_or_else(|| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// Says loudly, once a process, that an engine was not tested. Where nobody watches, that is a failure.
pub(crate) fn skip(server: &str, error: &dyn std::error::Error) {
    let place = server.rsplit_once('@').map_or(server, |(_, place)| place);
    unattended::skip(&format!("PostgreSQL at {place}"), &error);
}

#[expect(
    clippy::disallowed_methods,
    reason = "no configuration has been read: this is what tests are told by"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
