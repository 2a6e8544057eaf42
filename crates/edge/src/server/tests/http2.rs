//! Tests with HTTP/2 clients that open streams and do not read.

use super::*;
use crate::connections::STALL;
use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use http::{Request, StatusCode};

const LIST: usize = 1024 * 1024;

fn lists() -> Router {
    Router::new()
        .route("/list", get(async || vec![b'x'; LIST]))
        .route("/small", get(async || "small"))
}

/// An HTTP/2 client whose streams have a window of `window` bytes.
async fn client(server: &Server, window: u32) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let handshake = h2::client::Builder::new()
        .initial_window_size(window)
        .handshake(stream);
    let (send, connection): (_, Connection<TcpStream, Bytes>) = handshake.await.unwrap();
    (send, tokio::spawn(connection))
}

fn request(path: &str) -> Request<()> {
    Request::get(format!("http://x{path}")).body(()).unwrap()
}

async fn send_get(send: &SendRequest<Bytes>, path: &str) -> http::Response<h2::RecvStream> {
    let mut send = send.clone().ready().await.unwrap();
    let (response, _) = send.send_request(request(path), true).unwrap();
    response.await.unwrap()
}

async fn whole(response: http::Response<h2::RecvStream>) -> usize {
    let (mut body, mut length) = (response.into_body(), 0);
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    length
}

#[tokio::test]
async fn responses_behind_a_closed_window_are_bounded_and_end_with_their_connection() {
    for window in [0, 1] {
        let server = Server::of_two(lists(), Duration::ZERO).await;
        let (send, connection) = client(&server, window).await;
        let mut responses = Vec::new();
        for _ in 0..40 {
            responses.push(send_get(&send, "/list").await);
        }
        let ok = responses
            .iter()
            .filter(|response| response.status() == StatusCode::OK)
            .count();
        assert_eq!(ok, 8, "so many fit into what a connection may hold");
        let refused = responses.last().unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "1");
        let held = || server.middleware.shares().responses.used();
        assert!((8 * LIST..9 * LIST).contains(&held()), "{}", held());
        server.pass(STALL + 1);
        until("all of it is dropped", || held() == 0 && server.open() == 0).await;
        drop((responses, send));
        let _ended = connection.await.unwrap();
    }
}

#[tokio::test]
async fn small_responses_that_are_not_read_end_their_connection_too() {
    let server = Server::of_two(lists(), Duration::ZERO).await;
    let (send, _connection) = client(&server, 0).await;
    let _response = send_get(&send, "/small").await;
    assert!(server.middleware.shares().responses.used() > 0);
    server.pass(STALL + 1);
    until("it is dropped", || server.open() == 0).await;
    assert_eq!(server.middleware.shares().responses.used(), 0);
}

#[tokio::test]
async fn a_client_that_reads_gets_everything_however_long_it_takes() {
    let server = Server::of_two(lists(), Duration::ZERO).await;
    let (send, _connection) = client(&server, 16 * 1024).await;
    let mut response = send_get(&send, "/list").await;
    let mut length = 0;
    while let Some(piece) = response.body_mut().data().await {
        let piece = piece.unwrap();
        length += piece.len();
        server.pass(STALL / 10);
        response
            .body_mut()
            .flow_control()
            .release_capacity(piece.len())
            .unwrap();
    }
    assert_eq!(length, LIST);
    drop(response);
    let held = || server.middleware.shares().responses.used();
    until("it is dropped", || held() == 0).await;
    assert_eq!(whole(send_get(&send, "/list").await).await, LIST);
}

#[tokio::test]
async fn when_all_memory_for_responses_is_used_up_other_clients_get_retry_after() {
    let options = EdgeOptions {
        response_budget: LIST,
        ..EdgeOptions::default()
    };
    let server = Server::start(lists(), Duration::ZERO, options).await;
    let (greedy, _connection) = client(&server, 0).await;
    assert_eq!(send_get(&greedy, "/list").await.status(), StatusCode::OK);
    let (other, _connection) = client(&server, 65_535).await;
    let refused = send_get(&other, "/small").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(greedy);
    server.pass(STALL + 1);
    let held = || server.middleware.shares().responses.used();
    until("it is dropped", || held() == 0).await;
}

#[tokio::test]
async fn an_idle_connection_gets_goaway_and_frees_its_slot() {
    let server = Server::of_two(lists(), Duration::ZERO).await;
    let (send, connection) = client(&server, 65_535).await;
    assert_eq!(whole(send_get(&send, "/small").await).await, 5);
    until("the request is over", || {
        server.middleware.shares().responses.used() == 0
    })
    .await;
    server.pass(IDLENESS + 1);
    // GOAWAY, and a graceful end of the connection.
    connection.await.unwrap().unwrap();
    until("it is closed", || server.open() == 0).await;
    drop(send);
}
