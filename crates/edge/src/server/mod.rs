//! Accepts and serves connections, and shuts down gracefully.

mod report;
mod serving;
mod stream;
#[cfg(test)]
mod tests;

use crate::connections::state::Order;
use crate::middleware::Middleware;
use report::Report;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Interval of checking the open connections.
const SWEEP: Duration = Duration::from_secs(1);
/// Pause of the listener when accepting fails, for instance because no file descriptor is free.
const REST: Duration = Duration::from_millis(100);
/// How long the server waits for connections that it has ordered to close.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// A bound address that accepts no connections yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds the address. Port 0 picks a free one; `host` may be a name.
    ///
    /// # Errors
    /// The address is in use or not local, or the name does not resolve.
    pub async fn on(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((host, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The bound address, with the actual port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled. From then on it accepts no connection, and open ones have `grace` to finish
    /// the requests in progress. The middleware's options contain the connection limits.
    pub async fn serve(self, middleware: Middleware, stop: CancellationToken, grace: Duration) {
        tokio::select! {
            () = sweep(&middleware) => {}
            () = self.serve_unswept(&middleware, stop, grace) => {}
        }
    }

    /// As [`Self::serve`], while the caller advances time by [`crate::connections::Connections::sweep`].
    async fn serve_unswept(self, middleware: &Middleware, stop: CancellationToken, grace: Duration) {
        let connections = Arc::clone(&middleware.shares().connections);
        let protocol = Arc::new(serving::protocol());
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_of_the_connection(&error) => continue,
                Err(error) => {
                    connections.counts().accept_failed.fetch_add(1, Relaxed);
                    tracing::debug!(%error, "a connection could not be accepted");
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(REST) => continue,
                    }
                }
            };
            // A connection over the limit is closed at once, which load balancers understand.
            if let Ok(slot) = connections.admit(peer.ip()) {
                tokio::spawn(serving::serve(
                    Arc::clone(&protocol),
                    stream,
                    slot,
                    middleware.of_peer(peer.ip()),
                ));
            }
        }
        // Closed, so that the system refuses new connections instead of queueing them.
        drop(self.listener);
        connections.give_all(Order::Drain);
        if tokio::time::timeout(grace, connections.all_closed())
            .await
            .is_err()
        {
            connections.give_all(Order::Close);
            // An upgraded connection (such as a WebSocket) receives no order: it ends with the process.
            let _ = tokio::time::timeout(CLOSE_TIME, connections.all_closed()).await;
        }
    }
}

/// Checks the open connections every second, and logs refusals.
async fn sweep(middleware: &Middleware) {
    let mut seconds = tokio::time::interval(SWEEP);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut report = Report::new(Arc::clone(middleware.shares()));
    loop {
        seconds.tick().await;
        middleware.shares().connections.sweep();
        report.tick();
    }
}

/// Whether a single connection failed before it was accepted, which does not affect the next one.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
