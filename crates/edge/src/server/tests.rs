//! Tests of the server over real connections.

mod http2;

use super::serving::HEADERS;
use super::*;
use crate::connections::{IDLENESS, SILENCE};
use crate::middleware::tests::TestRouter;
use crate::options::EdgeOptions;
use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const REQUEST: &[u8] = b"GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// A server whose time advances only when the test says so.
struct Server {
    address: SocketAddr,
    middleware: Middleware,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, grace: Duration, options: EdgeOptions) -> Self {
        let listening = Listening::on("127.0.0.1", 0).await.unwrap();
        let (address, stop) = (listening.address(), CancellationToken::new());
        let middleware = TestRouter::with(router, options).middleware;
        let (served, stopping) = (middleware.clone(), stop.clone());
        let task = tokio::spawn(async move { listening.serve_unswept(&served, stopping, grace).await });
        Self {
            address,
            middleware,
            stop,
            task,
        }
    }

    /// A server that allows two connections.
    async fn of_two(router: Router, grace: Duration) -> Self {
        let options = EdgeOptions {
            max_connections: 2,
            ..EdgeOptions::default()
        };
        Self::start(router, grace, options).await
    }

    fn pass(&self, seconds: u64) {
        (0..seconds).for_each(|_| self.middleware.shares().connections.sweep());
    }

    fn open(&self) -> usize {
        self.middleware.shares().connections.count()
    }

    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// Waits until the server has closed the connection, gracefully or not, without sending anything.
async fn closed(mut stream: TcpStream) {
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut [0])).await;
    assert!(matches!(read.unwrap(), Ok(0) | Err(_)));
}

/// Waits for a condition; panics after 20 seconds.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let holds = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), holds)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test]
async fn what_was_begun_is_finished_before_it_stops() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, wait) = (begun.clone(), go.clone());
    let slow = async move || {
        seen.notify_one();
        wait.notified().await;
        "done"
    };
    let server = Server::of_two(Router::new().route("/ok", get(slow)), Duration::from_secs(60)).await;
    let stream = server.send(REQUEST).await;
    begun.notified().await;
    server.stop.cancel();
    go.notify_one();
    let answer = rest(stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
        "{answer}"
    );
    server.task.await.unwrap();
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "the address is free"
    );
}

#[tokio::test]
async fn a_client_that_sends_nothing_does_not_hold_the_end_up() {
    let server = Server::of_two(Router::new(), Duration::from_millis(50)).await;
    let _silent = server.send(b"GET /ok HT").await;
    until("the connection is open", || server.open() == 1).await;
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), server.task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Server::of_two(Router::new(), Duration::ZERO).await;
    let many = "X-Y: z\r\n".repeat(HEADERS + 1);
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    let answer = rest(server.send(request.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed_until_one_ends() {
    let server = Server::of_two(Router::new(), Duration::ZERO).await;
    let (one, _other) = (server.send(b"GET /ok HT").await, server.send(b"GET /ok HT").await);
    // The server accepts in order, so the first two are registered when it refuses the third.
    closed(TcpStream::connect(server.address).await.unwrap()).await;
    drop(one);
    until("the place of the one that ended is free", || server.open() == 1).await;
    let answer = rest(server.send(REQUEST).await).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn one_address_does_not_take_all_connections() {
    let options = EdgeOptions {
        max_connections: 10,
        max_connections_per_address: 1,
        ..EdgeOptions::default()
    };
    let server = Server::start(Router::new(), Duration::ZERO, options).await;
    let _one = server.send(b"GET /ok HT").await;
    closed(TcpStream::connect(server.address).await.unwrap()).await;
    let counts = server.middleware.shares().connections.counts();
    assert_eq!(counts.refused_address.load(Relaxed), 1);
}

#[tokio::test]
async fn connections_without_a_head_give_their_place_back() {
    let server = Server::of_two(Router::new(), Duration::ZERO).await;
    let (nothing, slow) = (server.send(b"").await, server.send(b"GET /ok HT").await);
    until("both are open", || server.open() == 2).await;
    server.pass(SILENCE);
    assert_eq!(server.open(), 2);
    server.pass(1);
    closed(nothing).await;
    closed(slow).await;
    until("both are closed", || server.open() == 0).await;
}

#[tokio::test]
async fn an_idle_http1_connection_gives_its_place_back() {
    let server = Server::of_two(Router::new(), Duration::ZERO).await;
    let stream = server.send(b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n").await;
    stream.readable().await.unwrap();
    server.pass(IDLENESS + 1);
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    until("it is closed", || server.open() == 0).await;
}

#[tokio::test]
async fn a_response_that_the_client_does_not_read_is_dropped_with_its_connection() {
    let large = Router::new().route("/ok", get(async || vec![0_u8; 16 * 1024 * 1024]));
    let server = Server::of_two(large, Duration::ZERO).await;
    let stream = server.send(REQUEST).await;
    let held = || server.middleware.shares().responses.used();
    until("the response is held", || held() > 0).await;
    stream.readable().await.unwrap();
    until("the client takes no more", || {
        server.middleware.shares().connections.is_any_stalled()
    })
    .await;
    server.pass(crate::connections::STALL + 1);
    until("it is dropped", || held() == 0 && server.open() == 0).await;
    let counts = server.middleware.shares().connections.counts();
    assert_eq!(counts.closed_stalled.load(Relaxed), 1);
}
