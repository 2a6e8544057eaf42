//! Listening, serving connections, and stopping in time.

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

/// How often the open connections are looked at.
const SWEEP: Duration = Duration::from_secs(1);
/// How long the listener rests when no connection can be accepted, for instance because no file may be opened.
const REST: Duration = Duration::from_millis(100);
/// How long the server waits for connections that it has ordered to close.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// An address that is listened on, before any connection is accepted.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Listens. Port 0 picks a free one; `host` may be a name.
    ///
    /// # Errors
    /// The address is taken, not ours, or the name means nothing.
    pub async fn on(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((host, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled. From then on no connection is accepted any more, and those that are open have
    /// `grace` to finish what they began. How many connections there may be, the chain's options say.
    pub async fn serve(self, middleware: Middleware, stop: CancellationToken, grace: Duration) {
        tokio::select! {
            () = sweep(&middleware) => {}
            () = self.serve_unswept(&middleware, stop, grace) => {}
        }
    }

    /// The same, while the caller counts the seconds by [`crate::connections::Connections::sweep`].
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
            // A connection beyond the bounds is closed at once, which a balancer understands.
            if let Ok(slot) = connections.admit(peer.ip()) {
                tokio::spawn(serving::serve(
                    Arc::clone(&protocol),
                    stream,
                    slot,
                    middleware.of_peer(peer.ip()),
                ));
            }
        }
        // Closed, so that the system refuses new connections instead of letting them wait.
        drop(self.listener);
        connections.give_all(Order::Drain);
        if tokio::time::timeout(grace, connections.all_closed())
            .await
            .is_err()
        {
            connections.give_all(Order::Close);
            // A connection that speaks another protocol by now sees no order: it ends with the process.
            let _ = tokio::time::timeout(CLOSE_TIME, connections.all_closed()).await;
        }
    }
}

/// Counts the seconds of the open connections, and reports what was refused.
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

/// Whether a connection failed before it was accepted, which says nothing about the next one.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
