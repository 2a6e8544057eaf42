//! Headers that every answer has, whatever its status.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_request_keeps_its_sane_name;
    failures_come_in_two_forms;
    every_answer_is_careful;
    trap_15_no_origin_is_reflected with ALLOWED_ORIGINS = "https://shop.example,http://localhost:5173";
    trap_14_a_forwarded_address_is_believed_from_no_client;
    trap_14_a_forwarded_address_is_believed_from_a_trusted_proxy with TRUSTED_PROXIES = "127.0.0.0/8";
    what_does_not_exist_and_what_is_not_allowed;
    health_reports_whether_requests_are_accepted;
    a_request_is_one_line_in_the_log;
}

async fn a_request_keeps_its_sane_name(app: &TestApp) {
    let client = app.client();
    for own in ["abc", "a.b_c-D.9", &"x".repeat(128)] {
        let answer = client
            .header("x-request-id", own)
            .get("/api/products/x")
            .await
            .expect_error(404, "NOT_FOUND");
        assert_eq!(answer.header("x-request-id"), Some(own));
        assert_eq!(answer.json()["error"]["requestId"], json!(own));
    }
    for insane in ["", "two words", "a\u{fc}", "<script>", "a;b", &"x".repeat(129)] {
        let answer = client
            .header("x-request-id", insane)
            .get("/api/products")
            .await
            .expect(200);
        let made = answer.header("x-request-id").unwrap();
        assert_ne!(made, insane);
        assert_eq!(made.len(), 36, "{made}");
    }
    let (one, two) = (client.get("/health/live").await, client.get("/health/live").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    let ann = app.customer("ann").await;
    ann.header("x-request-id", "logout-1")
        .post_nothing("/api/auth/logout")
        .await
        .expect(204);
    let trail = app.admin().await.get("/api/audit?action=LOGOUT").await.list();
    assert_eq!(trail[0]["requestId"], "logout-1");
    assert_eq!(trail[0]["ip"], "127.0.0.1");
}

async fn failures_come_in_two_forms(app: &TestApp) {
    let client = app.client().header("x-request-id", "r-1");
    let plain = client.get("/api/users/me").await.expect(401);
    assert_eq!(plain.header("content-type"), Some("application/json"));
    let error = plain.json()["error"].take();
    assert_eq!(
        (&error["code"], &error["requestId"], &error["details"]),
        (&json!("UNAUTHORIZED"), &json!("r-1"), &json!([]))
    );
    let client = client.header("accept", "application/problem+json, application/json;q=0.5");
    let problem = client.get("/api/users/me").await.expect(401);
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    let body = problem.json();
    assert_eq!(body["status"], 401);
    assert_eq!(body["title"], "Unauthorized");
    assert_eq!(
        (&body["code"], &body["detail"], &body["requestId"]),
        (&error["code"], &error["message"], &error["requestId"])
    );
    let body = json!({"email": "x", "password": "y", "name": "", "more": 1});
    let faults = client.post("/api/auth/register", body).await.expect(400).json()["details"].take();
    assert!(
        faults.as_array().is_some_and(|faults| !faults.is_empty()),
        "{faults}"
    );
}

async fn every_answer_is_careful(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(1, 100).await);
    let answers = [
        app.client().get("/api/products").await.expect(200),
        app.client().get(&product.path).await.expect(200),
        ann.get("/api/users/me").await.expect(200),
        ann.get("/api/nowhere").await.expect(404),
        ann.post("/api/orders", json!({})).await.expect(400),
        app.client().request("OPTIONS", "/api/orders", None).await,
        app.client().request("BREW", "/api/orders", None).await,
    ];
    for answer in answers {
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{answer:?}"
        );
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("strict-transport-security").is_some());
        assert!(
            answer
                .header("content-security-policy")
                .is_some_and(|csp| csp.contains("default-src 'none'"))
        );
        assert!(
            answer
                .header("cache-control")
                .is_some_and(|cache| cache.contains("no-store") || cache.contains("private"))
        );
        assert!(answer.header("x-request-id").is_some());
        assert_eq!(answer.header("server"), None);
        assert_eq!(answer.header("x-powered-by"), None);
    }
}

async fn trap_15_no_origin_is_reflected(app: &TestApp) {
    let get_from = async |origin: &str| {
        app.client()
            .header("origin", origin)
            .get("/api/products")
            .await
            .expect(200)
    };
    for allowed in ["https://shop.example", "http://localhost:5173"] {
        let answer = get_from(allowed).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(allowed));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert!(
            answer
                .all("vary")
                .iter()
                .any(|vary| vary.eq_ignore_ascii_case("origin")),
            "{:?}",
            answer.headers
        );
    }
    let strange = [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:444",
        "null",
        "https://evilshop.example",
        "https://SHOP.example/",
        "*",
    ];
    for origin in strange {
        let answer = get_from(origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            None,
            "{origin}"
        );
        let preflight = app
            .client()
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let answer = preflight.request("OPTIONS", "/api/orders", None).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("access-control-allow-methods"), None, "{origin}");
    }
    let preflight = app
        .client()
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST");
    let answer = preflight
        .request("OPTIONS", "/api/orders", None)
        .await
        .expect(204);
    assert!(
        answer
            .header("access-control-allow-methods")
            .is_some_and(|methods| methods.contains("POST"))
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .is_some_and(|names| names.contains("Idempotency-Key"))
    );
}

async fn last_ip(app: &TestApp, forwarded: &str) -> Value {
    app.client()
        .header("x-forwarded-for", forwarded)
        .get("/api/products")
        .await
        .expect(200);
    app.request_lines().pop().unwrap()["ip"].take()
}

async fn trap_14_a_forwarded_address_is_believed_from_no_client(app: &TestApp) {
    assert_eq!(last_ip(app, "198.51.100.7").await, "127.0.0.1");
    let ann = app.customer("ann").await;
    ann.header("x-forwarded-for", "198.51.100.7")
        .post_nothing("/api/auth/logout")
        .await
        .expect(204);
    let trail = app.admin().await.get("/api/audit?action=LOGOUT").await.list();
    assert_eq!(trail[0]["ip"], "127.0.0.1");
}

async fn trap_14_a_forwarded_address_is_believed_from_a_trusted_proxy(app: &TestApp) {
    assert_eq!(last_ip(app, "198.51.100.7").await, "198.51.100.7");
    assert_eq!(
        last_ip(app, "1.1.1.1, 198.51.100.7").await,
        "198.51.100.7",
        "a client may write anything to the left of it"
    );
    assert_eq!(last_ip(app, "198.51.100.7, 127.0.0.2").await, "198.51.100.7");
    assert_eq!(last_ip(app, "rubbish").await, "127.0.0.1");
}

async fn what_does_not_exist_and_what_is_not_allowed(app: &TestApp) {
    let admin = app.admin().await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/orderz",
        "/api/orders/",
        "/api//orders",
        "/API/orders",
        "/.env",
    ] {
        let answer = admin.get(path).await;
        assert!(matches!(answer.status, 404), "{path}: {answer:?}");
    }
    for id in [
        "x",
        "0",
        "-1",
        "0199b1f4-7c00-7000-8000-00000000000",
        "0199B1F4-7C00-7000-8000-000000000001x",
        "%00",
        "..%2f..%2fetc",
    ] {
        for noun in ["products", "orders", "users"] {
            admin
                .get(&format!("/api/{noun}/{id}"))
                .await
                .expect_error(404, "NOT_FOUND");
        }
    }
    for (method, path) in [
        ("DELETE", "/api/orders"),
        ("PUT", "/api/products"),
        ("POST", "/health"),
        ("PATCH", "/api/auth/login"),
    ] {
        let answer = admin
            .request(method, path, None)
            .await
            .expect_error(405, "METHOD_NOT_ALLOWED");
        assert!(answer.header("allow").is_some(), "{answer:?}");
    }
    let head = admin.request("HEAD", "/api/products", None).await.expect(200);
    assert!(head.body.is_empty());
}

async fn health_reports_whether_requests_are_accepted(app: &TestApp) {
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(app.client().get(path).await.expect(200).json()["status"], "ok");
    }
    app.engine().readiness().drain();
    let body = app.client().get("/health/ready").await.expect(503).json();
    assert_eq!(
        body["checks"],
        json!({"database": "ok", "writes": "ok", "clock": "ok", "process": "draining"})
    );
    app.client().get("/health/live").await.expect(200);
    app.client().get("/api/products").await.expect(200);
}

async fn a_request_is_one_line_in_the_log(app: &TestApp) {
    let ann = app.customer("ann").await;
    let before = app.request_lines().len();
    ann.header("x-request-id", "r-7")
        .get("/api/orders/0199b1f4-7c00-7000-8000-000000000001?x=y")
        .await
        .expect(404);
    let lines = app.request_lines();
    assert_eq!(lines.len(), before + 1);
    let line = &lines[before];
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&json!("GET"), &json!("/api/orders/{id}"), &json!(404))
    );
    assert_eq!(
        (&line["user"], &line["caller"], &line["request_id"]),
        (&json!(ann.id), &json!("user"), &json!("r-7"))
    );
    assert_eq!(
        (&line["error"], &line["path"]),
        (
            &json!("NOT_FOUND"),
            &json!("/api/orders/0199b1f4-7c00-7000-8000-000000000001")
        )
    );
    assert!(line["queries"].as_u64().unwrap() >= 1);
}
