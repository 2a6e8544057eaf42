//! Invalid input: refused as documented at every route, and never an internal error.

use crate::input_table::{Taker, WITHOUT_A_BODY, fits, spoiled, takers};
use mainstay_domain::error::Code;
use mainstay_testkit::{Answer, TestApp, on_both_engines};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

on_both_engines! {
    every_route_that_takes_a_body_is_tried;
    unreadable_bodies_are_bad_requests;
    bodies_of_another_kind_are_refused;
    trap_17_bodies_are_bounded with BODY_LIMIT = "4KiB";
    trap_17_depth_is_bounded;
    trap_17_a_compressed_body_is_not_unpacked;
    trap_17_a_slow_body_ends with REQUEST_TIMEOUT = "300ms";
    trap_17_heads_are_bounded;
    trap_06_unknown_and_repeated_fields_are_refused;
    wrong_values_are_named_and_never_a_fault_of_ours;
    quantities_are_whole_and_positive;
    bad_ids_name_nothing;
    trap_18_texts_stay_on_their_line;
}

async fn send(taker: &Taker, kind: Option<&str>, body: &[u8]) -> Answer {
    let client = taker.client.clone();
    client
        .request(taker.method, &taker.path, kind.map(|kind| (kind, body.to_vec())))
        .await
}

fn known(answer: &Answer) -> &Answer {
    assert!(answer.status < 500, "{answer:?}");
    if answer.status >= 400 {
        let code = answer.code();
        assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{answer:?}");
    }
    answer
}

async fn every_route_that_takes_a_body_is_tried(app: &TestApp) {
    let takers = takers(app).await;
    for row in app.node().routes() {
        let tried = takers
            .iter()
            .any(|taker| taker.method == row.method && fits(&row.path, &taker.path));
        let bodiless = matches!(row.method, "GET" | "DELETE") || WITHOUT_A_BODY.contains(&row.path.as_str());
        assert!(tried || bodiless, "{row} has no good body in input_table.rs");
    }
    for taker in &takers {
        let answer = send(taker, Some("application/json"), taker.good.to_string().as_bytes()).await;
        assert!(known(&answer).status != 400, "a good body: {answer:?}");
    }
    app.run_jobs().await;
}

async fn unreadable_bodies_are_bad_requests(app: &TestApp) {
    for taker in takers(app).await {
        let bodies: [&[u8]; 16] = [
            b"{",
            b"}",
            b"nonsense",
            b"{\"a\":}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"{} {}",
            b"{}x",
            b"\xff\xfe",
            b"{\"a\":\"\xff\"}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":1e}",
            b"{\"a\":01}",
            b"{\"a\":NaN}",
            b"{\"\\u0000",
        ];
        for body in bodies {
            let answer = send(&taker, Some("application/json"), body).await;
            let response = (answer.status, answer.code());
            let fine = [
                (400, "BAD_REQUEST".to_owned()),
                (400, "VALIDATION_FAILED".to_owned()),
            ];
            assert!(
                fine.contains(&response),
                "{}: {answer:?}",
                String::from_utf8_lossy(body)
            );
        }
        for blank in [&b""[..], b"   "] {
            let answer = send(&taker, Some("application/json"), blank).await;
            if !taker.optional {
                answer.expect_error(400, "BAD_REQUEST");
            } else {
                known(&answer);
            }
        }
        for other in [
            json!([]),
            json!(["a@example.com", "x", null]),
            json!([[], 1]),
            json!("x"),
            json!(1),
            json!(true),
            json!([{}]),
        ] {
            let answer = send(&taker, Some("application/json"), other.to_string().as_bytes()).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "VALIDATION_FAILED"),
                "{other}: {answer:?}"
            );
        }
    }
    app.leave_jobs();
}

async fn bodies_of_another_kind_are_refused(app: &TestApp) {
    for taker in takers(app).await {
        let body = taker.good.to_string();
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/json",
            "application/xml",
            "json",
            "",
        ] {
            let answer = send(&taker, Some(kind), body.as_bytes()).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (415, "UNSUPPORTED_MEDIA_TYPE"),
                "{kind:?}: {answer:?}"
            );
        }
        for kind in [
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/vnd.shop+json",
        ] {
            assert_ne!(
                known(&send(&taker, Some(kind), body.as_bytes()).await).status,
                415,
                "{kind}"
            );
        }
    }
    app.leave_jobs();
}

async fn trap_17_bodies_are_bounded(app: &TestApp) {
    for taker in takers(app).await {
        let padded = format!("{}{}", taker.good, " ".repeat(5000));
        let answer = send(&taker, Some("application/json"), padded.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (413, "PAYLOAD_TOO_LARGE"),
            "{answer:?}"
        );
        let fits = format!("{}{}", taker.good, " ".repeat(3000));
        assert_ne!(
            known(&send(&taker, Some("application/json"), fits.as_bytes()).await).status,
            413
        );
        // A body without a declared length is counted as it arrives.
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
            taker.method, taker.path
        );
        if taker.path == "/api/auth/login" {
            let chunks = "400\r\n".to_owned() + &" ".repeat(1024) + "\r\n";
            let response = raw(app, format!("{head}\r\n{}0\r\n\r\n", chunks.repeat(6)).as_bytes()).await;
            assert!(response.starts_with("HTTP/1.1 413"), "{response}");
        }
    }
    app.leave_jobs();
}

async fn trap_17_depth_is_bounded(app: &TestApp) {
    for taker in takers(app).await {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            for depth in [200, 2_500] {
                let inner = if open == "[" { "" } else { "1" };
                let body = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
                let answer = send(&taker, Some("application/json"), body.as_bytes()).await;
                assert_eq!(answer.status, 400, "{depth}: {answer:?}");
            }
        }
    }
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let body = |depth: usize| {
        format!("{{\"sku\":\"D\",\"name\":\"D\",\"price\":{{\"amount\":1,\"currency\":\"USD\"}},\"attributes\":{{\"a\":{}}}}}", deep(depth)).into_bytes()
    };
    let admin = app.admin().await;
    admin
        .request("POST", "/api/products", Some(("application/json", body(1000))))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    let large = json!({"sku": "L", "name": "L", "price": {"amount": 1, "currency": "USD"}, "attributes": {"a": "x".repeat(17_000)}});
    admin
        .post("/api/products", large)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    app.leave_jobs();
}

async fn trap_17_a_compressed_body_is_not_unpacked(app: &TestApp) {
    for taker in takers(app).await {
        for coding in ["gzip", "br", "deflate", "zstd", "gzip, identity"] {
            let body = Some(("application/json", taker.good.to_string().into_bytes()));
            let answer = taker
                .client
                .header("content-encoding", coding)
                .request(taker.method, &taker.path, body)
                .await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (415, "UNSUPPORTED_MEDIA_TYPE"),
                "{coding}: {answer:?}"
            );
        }
    }
    app.leave_jobs();
}

/// The answer to raw bytes on a connection of their own.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let address = app.node().url().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => response.extend_from_slice(&buffer[..read]),
        }
        if response.windows(4).any(|window| window == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&response).into_owned()
}

async fn trap_17_a_slow_body_ends(app: &TestApp) {
    let unfinished = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"email\":";
    let response = raw(app, unfinished.as_bytes()).await;
    assert!(response.starts_with("HTTP/1.1 504"), "{response}");
}

async fn trap_17_heads_are_bounded(app: &TestApp) {
    let response = raw(
        app,
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000)).as_bytes(),
    )
    .await;
    assert!(
        response.is_empty() || response.starts_with("HTTP/1.1 4"),
        "{response}"
    );
    let header = format!("X-Long: {}\r\n", "a".repeat(70_000));
    let response = raw(
        app,
        format!("GET / HTTP/1.1\r\nHost: x\r\n{header}\r\n").as_bytes(),
    )
    .await;
    assert!(
        response.is_empty() || response.starts_with("HTTP/1.1 4"),
        "{response}"
    );
    let many: String = (0..500).map(|number| format!("X-{number}: a\r\n")).collect();
    let response = raw(app, format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(
        response.is_empty() || response.starts_with("HTTP/1.1 4"),
        "{response}"
    );
    let both = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let response = raw(app, both.as_bytes()).await;
    assert!(
        !response.starts_with("HTTP/1.1 2") && !response.starts_with("HTTP/1.1 5"),
        "two lengths are no request: {response}"
    );
    app.client().get("/health/live").await.expect(200);
}

async fn trap_06_unknown_and_repeated_fields_are_refused(app: &TestApp) {
    for taker in takers(app).await {
        let mut surplus = taker.good.clone();
        surplus["colour"] = json!("red");
        let answer = send(&taker, Some("application/json"), surplus.to_string().as_bytes())
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(
            answer
                .validation_errors()
                .contains(&"colour UNKNOWN_FIELD".to_owned()),
            "{answer:?}"
        );
        for field in taker.good.as_object().unwrap().keys() {
            let twice = taker.good.to_string().replacen(
                '{',
                &format!("{{{}:{},", json!(field), taker.good[field]),
                1,
            );
            let answer = send(&taker, Some("application/json"), twice.as_bytes())
                .await
                .expect_error(400, "VALIDATION_FAILED");
            assert_eq!(
                answer.validation_errors(),
                [format!("{field} DUPLICATE")],
                "{answer:?}"
            );
            let upper = taker.good.to_string().replacen(
                &format!("\"{field}\""),
                &format!("\"{}\"", field.to_uppercase()),
                1,
            );
            send(&taker, Some("application/json"), upper.as_bytes())
                .await
                .expect_error(400, "VALIDATION_FAILED");
        }
    }
    app.leave_jobs();
}

async fn wrong_values_are_named_and_never_a_fault_of_ours(app: &TestApp) {
    let bad = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\r\nX: y"),
        json!("\u{202e}abc"),
        json!("🦀".repeat(5000)),
        json!("'; --"),
        json!("../../etc"),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"$gt": ""}),
        json!("{{7*7}}"),
        json!("9".repeat(400)),
    ];
    let takers = takers(app).await;
    for taker in &takers {
        for bad in &bad {
            for body in spoiled(&taker.good, bad) {
                let answer = send(taker, Some("application/json"), body.to_string().as_bytes()).await;
                known(&answer);
                if answer.code() == "VALIDATION_FAILED" {
                    assert!(!answer.validation_errors().is_empty(), "{answer:?}");
                }
                assert!(
                    !answer.text().contains("serde") && !answer.text().contains("mainstay_"),
                    "{answer:?}"
                );
            }
        }
    }
    app.leave_jobs();
}

async fn quantities_are_whole_and_positive(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let order = |quantity: Value| {
        ann.post(
            "/api/orders",
            json!({"items": [{"productId": product.id, "quantity": quantity}]}),
        )
    };
    for bad in [
        json!(0),
        json!(-1),
        json!(10_001),
        json!(i64::MIN),
        json!(1.0),
        json!(0.5),
        json!("1"),
        json!(null),
        json!([1]),
        json!(1e2),
    ] {
        let refused = order(bad).await.expect_error(400, "VALIDATION_FAILED");
        assert!(
            refused.validation_errors()[0].starts_with("items[0].quantity "),
            "{refused:?}"
        );
    }
    let many = json!({"items": vec![json!({"productId": product.id, "quantity": 1}); 101]});
    let refused = ann
        .post("/api/orders", many)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert_eq!(refused.validation_errors(), ["items LENGTH"]);
    ann.post("/api/orders", json!({"items": []}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    let all = json!({"items": [{"productId": "x", "quantity": 0}, {"productId": product.id, "quantity": -1, "more": 1}, {}]});
    let refused = ann
        .post("/api/orders", all)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert!(
        refused.validation_errors().len() >= 3,
        "all of it at once: {refused:?}"
    );
    assert_eq!(app.stock(&product).await, 5);
}

async fn bad_ids_name_nothing(app: &TestApp) {
    let admin = app.admin().await;
    let bad = [
        "x",
        "1",
        "00000000-0000-0000-0000",
        "{01a202b2-c500-7000-8390-110a70252040}",
        "%7B%7D",
        "%00",
        "null",
        "undefined",
        "%F0%9F%A6%80",
        "a%0d%0ab",
        "'--",
    ];
    for row in app.node().routes().iter().filter(|row| row.path.contains("{id}")) {
        for id in bad {
            let path = row.path.replace("{id}", id).replace("{name}", "read:order");
            let taker = takers_body(row.method);
            let answer = admin.request(row.method, &path, taker).await;
            assert!(matches!(answer.status, 404 | 400 | 415), "{answer:?}");
            known(&answer);
        }
    }
    for body in [
        json!({"productId": "01a202b2c50070008390110a70252040", "quantity": 1}),
        json!({"productId": "", "quantity": 1}),
    ] {
        let answer = admin
            .post("/api/orders", json!({"items": [body]}))
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert_eq!(answer.validation_errors(), ["items[0].productId FORMAT"]);
    }
}

fn takers_body(method: &str) -> Option<(&'static str, Vec<u8>)> {
    (!matches!(method, "GET" | "DELETE")).then(|| ("application/json", b"{}".to_vec()))
}

async fn trap_18_texts_stay_on_their_line(app: &TestApp) {
    let admin = app.admin().await;
    let price = json!({"amount": 100, "currency": "USD"});
    for name in ["a\nb", "a\rb", "a\u{0}b", "\u{1b}[31m", "a\u{85}b"] {
        let body = json!({"sku": "X", "name": name, "price": price});
        admin
            .post("/api/products", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        let body = json!({"email": "eve@example.com", "password": "walks in the rain", "name": name});
        app.client()
            .post("/api/auth/register", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    for email in [
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
        "a b@c.example",
        "a@b@c.example",
    ] {
        let body = json!({"email": email, "password": "walks in the rain", "name": "Eve"});
        app.client()
            .post("/api/auth/register", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
}
