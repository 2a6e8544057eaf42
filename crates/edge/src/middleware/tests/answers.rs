//! Tests of the headers that every response has.

use super::*;

#[tokio::test]
async fn every_answer_has_the_careful_headers() {
    let app = TestRouter::new(router());
    for path in ["/ok", "/missing", "/nowhere", "/bug"] {
        let answer = app.get(Request::get(path)).await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains; preload",
            ),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
    }
}

#[tokio::test]
async fn a_handler_keeps_its_own_policies() {
    let own = async || {
        (
            [
                ("cache-control", "public, max-age=60"),
                ("content-security-policy", "default-src 'self'"),
            ],
            "x",
        )
    };
    let answer = TestRouter::new(Router::new().route("/own", get(own)))
        .get(Request::get("/own"))
        .await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    assert_eq!(answer.header("content-security-policy"), "default-src 'self'");
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_replaced() {
    let app = TestRouter::new(router());
    let answer = app
        .get(Request::get("/ok").header("x-request-id", "mine-1.a_B"))
        .await;
    assert_eq!(answer.header("x-request-id"), "mine-1.a_B");
    for bad in ["a b", "a\"b", &"x".repeat(129)] {
        let answer = app.get(Request::get("/ok").header("x-request-id", bad)).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{bad}");
    }
}

#[tokio::test]
async fn each_request_is_one_line_and_one_count() {
    let app = TestRouter::new(router());
    app.get(Request::get("/nowhere?token=hunter2").header("x-request-id", "r1"))
        .await;
    let [line, ..] = app.sink.take();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["path"], &line["status"]),
        (&"/nowhere".into(), &404.into())
    );
    assert_eq!(
        (&line["request_id"], &line["error"]),
        (&"r1".into(), &"NOT_FOUND".into())
    );
    assert_eq!(
        (&line["ip"], &line["caller"]),
        (&"10.0.0.1".into(), &"anonymous".into())
    );
    let metrics = app.metrics.encode();
    assert!(
        metrics.contains(r#"mainstay_http_requests_total{method="any",route="unmatched",status="404"} 1"#),
        "{metrics}"
    );
    assert!(
        metrics.contains("mainstay_http_requests_in_flight 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn only_trusted_proxies_are_believed() {
    let app = TestRouter::new(router());
    let ip = async |peer: &str| {
        let request = Request::get("/ok").header("x-forwarded-for", "1.1.1.1, 198.51.100.7");
        let middleware = app.middleware.of_peer(peer.parse().unwrap());
        middleware
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let [line, ..] = app.sink.take();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["ip"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(ip("10.0.0.1").await, "198.51.100.7");
    assert_eq!(ip("192.0.2.9").await, "192.0.2.9");
}

#[tokio::test]
async fn long_texts_are_compressed_and_short_ones_not() {
    let app = TestRouter::new(router());
    let long = app
        .get(Request::get("/long").header("accept-encoding", "gzip"))
        .await;
    assert_eq!(long.header("content-encoding"), "gzip");
    assert_eq!(long.header("vary"), "Origin");
    assert!(
        long.headers
            .get_all("vary")
            .iter()
            .any(|value| value == "accept-encoding"),
        "{:?}",
        long.headers
    );
    let short = app
        .get(Request::get("/ok").header("accept-encoding", "gzip"))
        .await;
    assert_eq!((short.header("content-encoding"), &*short.body), ("", "fine"));
}

#[tokio::test]
async fn a_connection_is_served_as_its_peer() {
    let app = TestRouter::new(router());
    let middleware = app.middleware.of_peer("192.0.2.5".parse().unwrap());
    middleware
        .oneshot(Request::get("/ok").body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert!(app.sink.take()[0].contains("192.0.2.5"));
}
