//! Listening, answering, and stopping in time.

mod bounded;

use crate::chain::Chain;
use axum_server::Handle;
use bounded::BoundedAcceptor;
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
    /// `grace` to finish what they began. Of more than `connections` at once, those that come last are closed.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        chain: Chain,
        stop: CancellationToken,
        grace: Duration,
        connections: usize,
    ) -> io::Result<()> {
        let handle = Handle::new();
        let mut server = axum_server::Server::<SocketAddr>::from_listener(self.listener)
            .acceptor(BoundedAcceptor::new(connections))
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
        let served = server.serve(chain).await;
        stopper.abort();
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::House;
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    const ASK: &[u8] = b"GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    async fn start(
        router: Router,
        grace: Duration,
    ) -> (SocketAddr, CancellationToken, JoinHandle<io::Result<()>>) {
        let listening = Listening::on("127.0.0.1", 0).await.unwrap();
        let (address, stop) = (listening.address(), CancellationToken::new());
        let server = tokio::spawn(listening.serve(House::new(router).chain, stop.clone(), grace, 2));
        (address, stop, server)
    }

    async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn what_was_begun_is_finished_before_it_stops() {
        let (begun, go) = (
            std::sync::Arc::new(Notify::new()),
            std::sync::Arc::new(Notify::new()),
        );
        let (seen, wait) = (begun.clone(), go.clone());
        let slow = async move || {
            seen.notify_one();
            wait.notified().await;
            "done"
        };
        let (address, stop, server) =
            start(Router::new().route("/ok", get(slow)), Duration::from_secs(60)).await;
        let stream = send(address, ASK).await;
        begun.notified().await;
        stop.cancel();
        go.notify_one();
        let told = rest(stream).await;
        assert!(
            told.starts_with("HTTP/1.1 200 OK") && told.ends_with("done"),
            "{told}"
        );
        server.await.unwrap().unwrap();
        assert!(
            TcpStream::connect(address).await.is_err(),
            "nobody listens any more"
        );
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_does_not_hold_the_end_up() {
        let (address, stop, server) = start(Router::new(), Duration::from_millis(50)).await;
        let _silent = send(address, b"GET /ok HT").await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), server)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let (address, _stop, _server) = start(Router::new(), Duration::ZERO).await;
        let many = "X-Y: z\r\n".repeat(HEADERS + 1);
        let told = rest(
            send(
                address,
                format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes(),
            )
            .await,
        )
        .await;
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_are_closed_until_one_ends() {
        let (address, _stop, _server) = start(Router::new(), Duration::ZERO).await;
        let (one, _other) = (
            send(address, b"GET /ok HT").await,
            send(address, b"GET /ok HT").await,
        );
        // Accepted one after the other, so those two are in when the third is turned away.
        let mut third = TcpStream::connect(address).await.unwrap();
        let mut nothing = [0; 1];
        assert!(matches!(third.read(&mut nothing).await, Ok(0) | Err(_)));
        drop(one);
        let answered = async {
            loop {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut text = String::new();
                if stream.write_all(ASK).await.is_ok()
                    && stream.read_to_string(&mut text).await.is_ok()
                    && text.starts_with("HTTP/1.1 404")
                {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), answered)
            .await
            .expect("the place of the one that ended is free");
    }
}
