//! Tests of body size limits and the memory budget.

use super::*;
use crate::options::EdgeOptions;
use crate::request_state::RequestState;
use crate::shares::Shares;
use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{iter, pending};
use http::Request;
use mainstay_platform::stopwatch::{Deadline, Stopwatch};
use std::io;
use std::sync::Arc;
use std::time::Duration;

const LIMIT: usize = 10;

/// Sends requests as one client of a process.
struct Client(Arc<Shares>);

impl Client {
    fn new() -> Self {
        Self(Arc::new(Shares::new(&EdgeOptions {
            body_budget: 40,
            ..EdgeOptions::default()
        })))
    }

    fn request(&self, body: Body, length: Option<&str>) -> (Request<Body>, Arc<RequestState>) {
        let request_state = Arc::new(RequestState::begin(
            "id".into(),
            "192.0.2.1".parse().unwrap(),
            false,
            Deadline::new(Stopwatch::start(), Duration::MAX),
            Arc::clone(&self.0),
            None,
        ));
        let mut request = Request::new(body);
        request.extensions_mut().insert(Arc::clone(&request_state));
        let length = length.map(|length| (http::header::CONTENT_LENGTH, length.parse().unwrap()));
        request.headers_mut().extend(length);
        (request, request_state)
    }

    /// Result of reading a body that arrives in the given chunks.
    async fn read(&self, pieces: &[&'static str], length: Option<&str>) -> Result<String, &'static str> {
        let (request, _exchange) = self.request(Body::from_stream(stream(pieces)), length);
        let bytes = read::read(request, LIMIT).await;
        let bytes = bytes.map_err(|api_error| api_error.code().as_str())?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn held(&self) -> usize {
        self.0.bodies.used()
    }
}

fn stream(pieces: &[&'static str]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + use<> {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
        .collect();
    iter(pieces)
}

#[tokio::test]
async fn bodies_are_bounded_however_they_come() {
    let client = Client::new();
    assert_eq!(client.read(&[], None).await, Ok(String::new()));
    assert_eq!(
        client.read(&["0123456789"], Some("10")).await.as_deref(),
        Ok("0123456789")
    );
    assert_eq!(
        client.read(&["01234", "", "567", "89"], None).await.as_deref(),
        Ok("0123456789")
    );
    for (pieces, length) in [
        (&["01234567890"][..], None),
        (&["01234", "567", "890"], None),
        (&["x"], Some("11")),
        (&["x"], Some("99999999999999999999999")),
        (&["x"; 99], None),
    ] {
        assert_eq!(
            client.read(pieces, length).await,
            Err("PAYLOAD_TOO_LARGE"),
            "{pieces:?} {length:?}"
        );
    }
    assert_eq!(client.held(), 0);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_a_byte_of_it() {
    let client = Client::new();
    let (request, _exchange) = client.request(Body::from_stream(pending::<io::Result<Bytes>>()), Some("11"));
    let api_error = read::read(request, LIMIT).await.unwrap_err();
    assert_eq!(api_error.code().as_str(), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn bodies_in_memory_are_bounded_and_those_beyond_are_to_come_again() {
    let client = Client::new();
    // A stalled body keeps the reservation of its announced length.
    let (stalling, _exchange) = client.request(Body::from_stream(pending::<io::Result<Bytes>>()), Some("8"));
    let mut stalling = Box::pin(read::read(stalling, LIMIT));
    assert!(futures_util::poll!(&mut stalling).is_pending());
    assert_eq!(client.held(), 8);
    assert_eq!(client.read(&["01234"], Some("5")).await, Err("UNAVAILABLE"));
    assert_eq!(client.read(&["01", "234"], None).await, Err("UNAVAILABLE"));
    assert_eq!((client.held(), client.0.bodies.refused()), (8, 2));
    drop(stalling);
    assert_eq!(client.read(&["01234"], Some("5")).await.as_deref(), Ok("01234"));
}

#[tokio::test]
async fn a_body_counts_until_its_request_is_answered() {
    let client = Client::new();
    let (request, request_state) = client.request(Body::from("0123456789"), None);
    read::read(request, LIMIT).await.unwrap();
    assert_eq!(client.held(), 10);
    drop(request_state);
    assert_eq!(client.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_given_up_before_the_request_would_be() {
    let client = Client::new();
    let stalling = stream(&["0123"]).chain(pending());
    let (request, _exchange) = client.request(Body::from_stream(stalling), Some("10"));
    let begun = tokio::time::sleep(EdgeOptions::default().request_timeout);
    tokio::select! {
        read = read::read(request, LIMIT) => assert_eq!(read.unwrap_err().code().as_str(), "BAD_REQUEST"),
        () = begun => panic!("the body was waited for as long as for the whole request"),
    }
    assert_eq!(client.held(), 0);
}
