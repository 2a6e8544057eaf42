//! Raw requests that no client library sends, and that a proxy in front might frame differently.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_engines! {
    a_request_is_addressed_to_one_host;
    a_request_ends_where_every_server_says_it_does;
    odd_targets_and_methods_are_answered_as_nothing;
    a_head_is_the_head_of_a_get;
    a_response_uses_a_coding_that_the_client_accepts;
}

/// Everything that the server sends on one connection until it closes it.
async fn exchange(app: &TestApp, bytes: &str) -> String {
    let address = app.node().url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut response = Vec::new();
    let whole = tokio::time::timeout(crate::MINUTE, stream.read_to_end(&mut response)).await;
    assert!(whole.is_ok(), "the connection stays open after {bytes:?}");
    String::from_utf8_lossy(&response).into_owned()
}

/// The status codes in the bytes of the answers.
fn statuses(response: &str) -> Vec<u16> {
    let lines = response.split("HTTP/1.").skip(1);
    lines.map(|line| line[2..5].parse().unwrap()).collect()
}

async fn a_request_is_addressed_to_one_host(app: &TestApp) {
    for (head, status) in [
        ("GET /health/live HTTP/1.1\r\nHost: shop.example", 200),
        ("GET /health/live HTTP/1.1\r\nhost: [::1]:3000", 200),
        ("GET /health/live HTTP/1.0", 200),
        (
            "GET http://shop.example/health/live HTTP/1.1\r\nHost: other.example",
            200,
        ),
        ("GET /health/live HTTP/1.1", 400),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: a", 400),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        ("GET /health/live HTTP/1.1\r\nHost:", 400),
        ("GET /health/live HTTP/1.1\r\nHost: user@shop.example", 400),
        ("GET /health/live HTTP/1.1\r\nHost: shop.example/x", 400),
        ("GET /health/live HTTP/1.1\r\nHost: a b", 400),
        ("GET /health/live HTTP/1.1\r\nHost: a, b", 400),
        ("GET /health/live HTTP/1.1\r\nHost: a:99999", 400),
        (
            "GET http://u:p@shop.example/health/live HTTP/1.1\r\nHost: shop.example",
            400,
        ),
        ("GET http://shop.example/health/live HTTP/1.1", 400),
        ("POST /api/auth/refresh HTTP/1.1\r\nContent-Length: 0", 400),
    ] {
        let response = exchange(app, &format!("{head}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(statuses(&response), [status], "{head:?}: {response}");
    }
    let response = exchange(app, "GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(
        response.contains("BAD_REQUEST") && response.contains("x-request-id:"),
        "{response}"
    );
}

async fn a_request_ends_where_every_server_says_it_does(app: &TestApp) {
    const HOST: &str = "POST /api/auth/refresh HTTP/1.1\r\nHost: a\r\n";
    const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    // Bytes hidden behind the first request are never answered as a second one.
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "Content-Length: 0, 5\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length: 0x0\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 18446744073709551616\r\n\r\n",
        "Content-Length : 0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0xffffffffffffffffff\r\n\r\n",
        "X-Folded: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        "X-Bare: a\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n",
        "X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n",
        "Bad Name: x\r\nContent-Length: 0\r\n\r\n",
    ] {
        let response = exchange(app, &format!("{HOST}{lines}{HIDDEN}")).await;
        let answered = statuses(&response);
        assert!(
            answered.len() <= 1 && answered.iter().all(|status| (400..500).contains(status)),
            "{lines:?}: {response}"
        );
    }
    for protocol in ["HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "ICY", ""] {
        let head =
            format!("POST /api/auth/refresh {protocol}\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        let response = exchange(app, &format!("{head}0\r\n\r\n{HIDDEN}")).await;
        assert!(!response.contains(" 200 "), "{protocol}: {response}");
    }
    // Two real requests get two answers.
    let response = exchange(
        app,
        &format!("{HOST}Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{{}}{HIDDEN}"),
    )
    .await;
    assert_eq!(statuses(&response), [401, 200], "{response}");
}

async fn odd_targets_and_methods_are_answered_as_nothing(app: &TestApp) {
    for (line, expected) in [
        ("OPTIONS * HTTP/1.1", &[404u16][..]),
        ("GET * HTTP/1.1", &[404]),
        ("CONNECT shop.example:443 HTTP/1.1", &[404]),
        ("TRACE /health/live HTTP/1.1", &[405]),
        ("PURGE /api/products HTTP/1.1", &[405]),
        ("get /health/live HTTP/1.1", &[405]),
        ("GET //health/live HTTP/1.1", &[404]),
        ("GET /health//live HTTP/1.1", &[404]),
        ("GET /health/./live HTTP/1.1", &[404]),
        ("GET /api/../health/live HTTP/1.1", &[404]),
        ("GET /health%2flive HTTP/1.1", &[404]),
        ("GET /api/products/..%2f..%2fhealth HTTP/1.1", &[404]),
        ("GET /%68ealth/live HTTP/1.1", &[404]),
        ("GET /health/live;x=1 HTTP/1.1", &[404]),
        ("GET /health/live? HTTP/1.1", &[200]),
        ("GET health/live HTTP/1.1", &[400]),
        ("GET  HTTP/1.1", &[400]),
        ("GET /health /live HTTP/1.1", &[400]),
        ("GET\t/health/live HTTP/1.1", &[400]),
        ("G(T /health/live HTTP/1.1", &[400]),
    ] {
        let response = exchange(app, &format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(statuses(&response), expected, "{line}: {response}");
        assert!(
            !response.contains("message/http"),
            "nothing is reflected: {response}"
        );
    }
}

/// The lines of a head, sorted, without those that identify the single request.
fn head(response: &str) -> Vec<String> {
    let head = response.split("\r\n\r\n").next().unwrap();
    let own = ["x-request-id", "date", "ratelimit:", "connection"];
    let mut lines: Vec<String> = head
        .split("\r\n")
        .filter(|line| !own.iter().any(|name| line.starts_with(name)))
        .map(str::to_owned)
        .collect();
    lines[1..].sort();
    lines
}

async fn a_head_is_the_head_of_a_get(app: &TestApp) {
    let product = app.product(1, 100).await;
    let long = json!({"description": "Blue. ".repeat(500)});
    app.admin().await.patch(&product.path, long).await.expect(200);
    let tag = app.client().get(&product.path).await.etag();
    for path in [
        &*product.path,
        "/api/products",
        "/health/live",
        "/api/products/x",
        "/api/orders",
        "/openapi.json",
        "/nowhere",
        "/api/auth/login",
    ] {
        for lines in [
            String::new(),
            "Accept-Encoding: gzip\r\n".to_owned(),
            "Accept-Encoding: br;q=0.5\r\nAccept-Encoding: gzip;q=0\r\n".to_owned(),
            "Accept-Encoding: gzip, identity;q=0\r\n".to_owned(),
            "Accept-Encoding: identity;q=0\r\n".to_owned(),
            format!("If-None-Match: {tag}\r\nAccept-Encoding: gzip\r\n"),
        ] {
            let send = async |method: &str| {
                let request =
                    format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{lines}\r\n");
                exchange(app, &request).await
            };
            let (whole, alone) = (send("GET").await, send("HEAD").await);
            assert!(alone.ends_with("\r\n\r\n"), "{path}: {alone}");
            let without = |mut lines: Vec<String>| {
                // The framing of an unknown length concerns the body, which a HEAD answer lacks.
                lines.retain(|line| line != "transfer-encoding: chunked");
                lines
            };
            assert_eq!(
                without(head(&whole)),
                without(head(&alone)),
                "{path} with {lines:?}"
            );
        }
    }
}

async fn a_response_uses_a_coding_that_the_client_accepts(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(1, 100).await);
    let long = json!({"description": "Blue. ".repeat(500)});
    admin.patch(&product.path, long).await.expect(200);
    let plain = app.client().get(&product.path).await.expect(200);
    let zipped = app.client().header("accept-encoding", "gzip");
    let coded = zipped.get(&product.path).await.expect(200);
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    assert!(coded.body.len() < plain.body.len() / 2);
    // Different bytes have a different strong tag, and both tags stand for the same state.
    assert_eq!(
        coded.etag(),
        format!("{}-gzip\"", plain.etag().trim_end_matches('"'))
    );
    for tag in [plain.etag(), coded.etag(), format!("W/{}", coded.etag())] {
        for client in [app.client(), zipped.clone()] {
            let same = client
                .header("if-none-match", &tag)
                .get(&product.path)
                .await
                .expect(304);
            assert_eq!(same.etag(), tag.trim_start_matches("W/"));
            assert!(
                same.all("vary").contains(&"accept-encoding"),
                "{:?}",
                same.headers
            );
            assert!(same.header("cache-control").is_some() && same.body.is_empty());
        }
    }
    for answer in [&plain, &coded] {
        assert!(
            answer.all("vary").contains(&"accept-encoding"),
            "{:?}",
            answer.headers
        );
    }
    let weak = format!("W/{}", coded.etag());
    admin
        .header("if-match", &weak)
        .patch(&product.path, json!({"name": "x"}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    admin
        .header("if-match", &coded.etag())
        .patch(&product.path, json!({"name": "Coded"}))
        .await
        .expect(200);
    // A short answer is compressed too when the client refuses the identity coding.
    let picky = app.client().header("accept-encoding", "gzip, identity;q=0");
    let short = picky.get("/health/live").await.expect(200);
    assert_eq!(short.header("content-encoding"), Some("gzip"));
    let nothing = app
        .client()
        .header("accept-encoding", "identity;q=0")
        .get(&product.path)
        .await;
    assert_eq!((nothing.status, nothing.header("content-encoding")), (200, None));
}
