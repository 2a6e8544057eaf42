//! Finds a PostgreSQL server for the tests: the configured one, a running one, or a private one for this run only.

use crate::environment;
use address::Address;
use private::PrivateServer;

mod address;
mod handshake;
mod private;
mod programs;

/// The variable with the address of the test server; setting it selects the server.
pub(crate) const VARIABLE: &str = "TEST_POSTGRES_URL";
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Whether a PostgreSQL server is available.
#[derive(Debug)]
pub(crate) enum Engine {
    /// A server is available at this address. A private server stops when this is dropped.
    At {
        url: String,
        description: String,
        _server: Option<PrivateServer>,
    },
    /// No server is available, for this reason.
    Missing(String),
}

/// Finds or starts a server. A configured server that does not answer is an error, because testing on another one would
/// be misleading. A private one that cannot be started is reported as missing, so that the other engine can still be
/// tested.
pub(crate) fn find() -> Result<Engine, String> {
    if let Some(url) = environment::setting(VARIABLE) {
        let version = check(&url).map_err(|cause| format!("{VARIABLE} is set, but {cause}"))?;
        let description = format!("PostgreSQL {version} ({VARIABLE})");
        return Ok(Engine::At {
            url,
            description,
            _server: None,
        });
    }
    if let Ok(version) = check(DEFAULT_URL) {
        let description = format!("PostgreSQL {version} (at 127.0.0.1:5432)");
        return Ok(Engine::At {
            url: DEFAULT_URL.to_owned(),
            description,
            _server: None,
        });
    }
    let Some(folder) = programs::find() else {
        let reason = format!(
            "nothing at 127.0.0.1:5432 accepts user `postgres`, {VARIABLE} is not set, and `initdb` and \
            `postgres` are not installed"
        );
        return Ok(Engine::Missing(reason));
    };
    let server = match PrivateServer::start(&folder) {
        Ok(server) => server,
        Err(reason) => return Ok(Engine::Missing(reason)),
    };
    let (url, version) = (server.url(), server.version().to_owned());
    let description = format!("PostgreSQL {version} (private, from {})", folder.display());
    Ok(Engine::At {
        url,
        description,
        _server: Some(server),
    })
}

/// Connects as a client; returns the server's version.
fn check(url: &str) -> Result<String, String> {
    let address = Address::parse(url).ok_or_else(|| format!("`{VARIABLE}` is no postgres:// address"))?;
    handshake::check(&address)
}
