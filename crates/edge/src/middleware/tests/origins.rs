//! Tests of cross-origin requests.

use super::*;

const APP: &str = "https://app.example";

#[tokio::test]
async fn a_listed_origin_may_ask_and_call() {
    let app = TestRouter::new(router());
    let preflight = Request::options("/ok")
        .header("origin", APP)
        .header("access-control-request-method", "POST");
    let answer = app.get(preflight).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (204, APP)
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("access-control-max-age"), "7200");
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("Idempotency-Key")
    );
    let answer = app
        .get(
            Request::post("/ok")
                .header("origin", APP)
                .header("sec-fetch-site", "cross-site"),
        )
        .await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, APP)
    );
    assert!(answer.header("access-control-expose-headers").contains("ETag"));
}

#[tokio::test]
async fn another_origin_gets_no_header_and_never_a_wildcard() {
    let app = TestRouter::new(router());
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.evil.example",
        "http://app.example",
    ] {
        let preflight = Request::options("/ok")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        for answer in [
            app.get(preflight).await,
            app.get(Request::get("/ok").header("origin", origin)).await,
        ] {
            assert!(
                !answer
                    .headers
                    .keys()
                    .any(|name| name.as_str().starts_with("access-control")),
                "{origin}"
            );
            assert_eq!(answer.header("vary"), "Origin");
        }
    }
    assert_eq!(app.get(Request::get("/ok")).await.header("vary"), "Origin");
}

#[tokio::test]
async fn without_a_list_nothing_depends_on_the_origin() {
    let answer = TestRouter::with(router(), EdgeOptions::default())
        .get(Request::get("/ok").header("origin", APP))
        .await;
    assert_eq!((answer.status, answer.header("vary")), (200, "accept-encoding"));
}

#[tokio::test]
async fn foreign_pages_cannot_change_anything() {
    let app = TestRouter::new(router());
    let foreign = || {
        Request::post("/ok")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", "accessToken=x")
    };
    let answer = app.get(foreign()).await;
    assert_eq!((answer.status, answer.body.contains("CSRF_FAILED")), (403, true));
    // With a token in a header the route decides, because it may read the token. A token of another scheme never
    // counts.
    let answer = app.get(foreign().header("authorization", "Bearer x")).await;
    assert_eq!(answer.status, 200);
    let answer = app.get(foreign().header("authorization", "Basic eA==")).await;
    assert_eq!(answer.status, 403);
    let old = Request::post("/ok")
        .header("origin", "https://evil.example")
        .header("host", "127.0.0.1:3000");
    assert_eq!(app.get(old).await.status, 403);
    let own = Request::post("/ok")
        .header("origin", "http://127.0.0.1:3000")
        .header("host", "127.0.0.1:3000");
    assert_eq!(app.get(own).await.status, 200);
}
