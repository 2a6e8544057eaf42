//! Large, slow or many bodies: what they may consume, and which client's limits they count against.

use crate::input_table::{Taker, fits, takers};
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_engines! {
    trap_22_each_route_takes_as_much_as_it_declares;
    trap_22_a_large_body_is_refused_before_it_comes;
    trap_21_a_body_that_never_comes_uses_up_the_rate with RATE_LIMITS = "on";
    trap_22_bodies_in_memory_are_bounded_for_each_address with BODY_BUDGET = "1MiB";
    attributes_are_bounded;
}

const LOGIN: &str = "/api/auth/login";
const REGISTER: &str = "/api/auth/register";

async fn trap_22_each_route_takes_as_much_as_it_declares(app: &TestApp) {
    let rows = app.node().routes();
    for taker in takers(app).await {
        let row = rows
            .iter()
            .find(|row| row.method == taker.method && fits(&row.path, &taker.path))
            .unwrap();
        let limit = row.max_body.unwrap();
        let least = if row.public { 16 } else { 64 };
        let declared = if row.use_case.starts_with("product.") && row.use_case != "product.stock" {
            192
        } else {
            least
        };
        assert_eq!(limit, declared * 1024, "{row}");
        assert_ne!(status(&taker, limit).await, 413, "{row}");
        assert_eq!(status(&taker, limit + 1).await, 413, "{row}");
    }
    app.leave_jobs();
}

/// The status for a valid body padded with white space to a length.
async fn status(taker: &Taker, length: usize) -> u16 {
    let good = taker.good.to_string();
    let body = good.clone() + &" ".repeat(length - good.len());
    let client = taker.client.clone();
    let sent = client.request(
        taker.method,
        &taker.path,
        Some(("application/json", body.into_bytes())),
    );
    sent.await.status
}

async fn trap_22_a_large_body_is_refused_before_it_comes(app: &TestApp) {
    for expects_continue in [true, false] {
        let mut stream = begin(app, LOGIN, 10_000_000, expects_continue).await;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    }
}

/// Sends the head of a request and nothing of its body; `expects_continue` adds `Expect: 100-continue`.
async fn begin(app: &TestApp, path: &str, length: usize, expects_continue: bool) -> TcpStream {
    let address = app.node().url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let expect = if expects_continue {
        "Expect: 100-continue\r\n"
    } else {
        ""
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{expect}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Starts a request, and waits until the server requests its body.
async fn stalled(app: &TestApp, path: &str, length: usize) -> TcpStream {
    let mut stream = begin(app, path, length, true).await;
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn trap_21_a_body_that_never_comes_uses_up_the_rate(app: &TestApp) {
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(stalled(app, REGISTER, 100).await);
    }
    let body = json!({"email": "a@example.com", "password": "walks in the rain", "name": "A"});
    app.client()
        .post(REGISTER, body)
        .await
        .expect_error(429, "RATE_LIMITED");
    let mut text = String::new();
    let mut next = begin(app, REGISTER, 100, true).await;
    next.read_to_string(&mut text).await.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 429"),
        "its body is not even asked for: {text}"
    );
}

async fn trap_22_bodies_in_memory_are_bounded_for_each_address(app: &TestApp) {
    const BODY: usize = 16 * 1024;
    let admin = app.admin().await;
    let metrics = async || admin.get("/metrics").await.expect(200).text();
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(stalled(app, LOGIN, BODY).await);
    }
    assert!(
        metrics()
            .await
            .contains("\nmainstay_http_request_body_bytes 262144\n")
    );
    let login = json!({"email": admin.email, "password": admin.password});
    let refused = app
        .client()
        .post(LOGIN, login.clone())
        .await
        .expect_error(503, "UNAVAILABLE");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(
        metrics()
            .await
            .contains("\nmainstay_http_request_bodies_refused_total 1\n")
    );
    admin.get("/api/users/me").await.expect(200);
    drop(streams);
    let freed = async {
        while !metrics().await.contains("\nmainstay_http_request_body_bytes 0\n") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::MINUTE, freed)
        .await
        .expect("what clients gave up is free again");
    app.client().post(LOGIN, login).await.expect(200);
}

async fn attributes_are_bounded(app: &TestApp) {
    let admin = app.admin().await;
    let refused = async |attributes: serde_json::Value| {
        let body = json!({"sku": "L", "name": "L", "price": {"amount": 1, "currency": "USD"}, "attributes": attributes});
        let refused = admin
            .post("/api/products", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        refused.validation_errors()
    };
    assert_eq!(
        refused(json!({"a": "x".repeat(17_000)})).await,
        ["attributes LENGTH"]
    );
    assert_eq!(refused(json!({"a": vec![0; 1000]})).await, ["attributes LENGTH"]);
    let deep = (0..8).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(refused(json!({ "a": deep })).await, ["attributes DEPTH"]);
}
