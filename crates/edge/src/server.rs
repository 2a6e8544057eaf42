//! Listening, answering, and stopping in time.

use crate::chain::Chain;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::service::MakeService;
use hyper_util::rt::TokioTimer;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send the head of a request, and how long an idle connection is kept.
const HEAD: Duration = Duration::from_secs(20);
/// Bytes that the head of a request may have.
const HEAD_BYTES: usize = 32 * 1024;
/// Headers that a request may have.
const HEADERS: usize = 100;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// An address that is listened on, before anybody is answered.
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

    /// Answers until `stop` is cancelled. From then on no connection is taken any more, and those that are open have
    /// `grace` to finish what they began.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, chain: Chain, stop: CancellationToken, grace: Duration) -> io::Result<()> {
        self.serve_any(chain, stop, grace).await
    }

    async fn serve_any<M>(self, service: M, stop: CancellationToken, grace: Duration) -> io::Result<()>
    where
        M: MakeService<SocketAddr, http::Request<hyper::body::Incoming>>,
    {
        let handle = Handle::new();
        let mut server = axum_server::Server::<SocketAddr>::from_listener(self.listener)
            .acceptor(NoDelayAcceptor::new())
            .handle(handle.clone());
        let builder = server.http_builder();
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
            .keep_alive_interval(Some(HEAD))
            .keep_alive_timeout(HEAD);
        let stopper = tokio::spawn(async move {
            stop.cancelled().await;
            handle.graceful_shutdown(Some(grace));
        });
        let served = server.serve(service).await;
        stopper.abort();
        served
    }
}
