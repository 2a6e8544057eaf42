//! A PostgreSQL to test on: the one that was named, the one that runs here, or a private one for this run only.

use crate::environment;
use address::Address;
use private::PrivateServer;

mod address;
mod handshake;
mod private;
mod programs;

/// The variable by which the tests are told where PostgreSQL is; whoever sets it chooses the server.
pub(crate) const VARIABLE: &str = "TEST_POSTGRES_URL";
const USUAL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// Whether there is a PostgreSQL to test on.
#[derive(Debug)]
pub(crate) enum Engine {
    /// It answers at this address. A private server stops when this is dropped.
    At {
        url: String,
        description: String,
        _server: Option<PrivateServer>,
    },
    /// There is none, for this reason.
    Missing(String),
}

/// Finds or starts a server. A server that was named and does not answer is an error: another one in its place would
/// be a lie. One of our own that cannot be started is missing, which keeps nobody from testing the other engine.
pub(crate) fn find() -> Result<Engine, String> {
    if let Some(url) = environment::setting(VARIABLE) {
        let version = greet(&url).map_err(|cause| format!("{VARIABLE} is set, but {cause}"))?;
        let description = format!("PostgreSQL {version} ({VARIABLE})");
        return Ok(Engine::At {
            url,
            description,
            _server: None,
        });
    }
    if let Ok(version) = greet(USUAL) {
        let description = format!("PostgreSQL {version} (at 127.0.0.1:5432)");
        return Ok(Engine::At {
            url: USUAL.to_owned(),
            description,
            _server: None,
        });
    }
    let Some(folder) = programs::find() else {
        let reason = format!(
            "nothing at 127.0.0.1:5432 lets `postgres` in, {VARIABLE} is not set, and `initdb` and \
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

/// Says hello as a client would; the server's version when it lets us in.
fn greet(url: &str) -> Result<String, String> {
    let address = Address::parse(url).ok_or_else(|| format!("`{VARIABLE}` is no postgres:// address"))?;
    handshake::greet(&address)
}
