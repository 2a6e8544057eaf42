//! Serves: listens, works in the background, and drains when it is told to stop.

use crate::fault::StartFault;
use crate::open::App;
use mainstay_background::{Background, BackgroundOptions};
use mainstay_edge::server::{Server, ServerOptions};
use mainstay_edge::{ChainParts, EdgeOptions};
use mainstay_platform::config::Settings;
use std::net::{SocketAddr, TcpListener};
use tokio_util::sync::CancellationToken;

/// Takes the address that the settings name. First, so that links know the port when it was 0.
///
/// # Errors
/// The address is taken or not ours.
pub fn listen(settings: &Settings) -> Result<(TcpListener, String), StartFault> {
    let address = format!("{}:{}", settings.http.host, settings.http.port);
    let fault = |cause| StartFault::Listen { address: address.clone(), cause };
    let listener = TcpListener::bind((settings.http.host.as_str(), settings.http.port)).map_err(fault)?;
    listener.set_nonblocking(true).map_err(fault)?;
    let bound = listener.local_addr().map_err(fault)?;
    let url = settings.http.public_url.clone().unwrap_or_else(|| format!("http://{bound}"));
    Ok((listener, url))
}

/// A process that serves, until it is stopped.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    app: App,
    server: Server,
    background: Option<Background>,
    metrics: Option<Server>,
}
