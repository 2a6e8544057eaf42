//! Signing in.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_11_a_response_does_not_reveal_whether_an_address_has_an_account;
    trap_15_cookies_are_out_of_reach_of_scripts_and_foreign_pages;
    trap_15_nothing_is_changed_by_a_get;
    an_address_is_found_in_any_spelling;
    an_old_token_does_not_stand_in_the_way_of_signing_in;
}

const LOGIN: &str = "/api/auth/login";

async fn trap_11_a_response_does_not_reveal_whether_an_address_has_an_account(app: &TestApp) {
    let ann = app.customer("ann").await;
    let hasher = &app.engine().components().hasher;
    let try_in = async |email: &str, password: &str| {
        let client = app.client().header("x-request-id", "r");
        let before = hasher.computed();
        let answer = client
            .post(LOGIN, json!({"email": email, "password": password}))
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
        assert_eq!(
            hasher.computed(),
            before + 1,
            "whichever is wrong, one hash: {answer:?}"
        );
        answer
    };
    let known = try_in(&ann.email, "not her password").await;
    let unknown = try_in("unknown@example.com", "not her password").await;
    let empty = try_in(&ann.email, "").await;
    let endless = try_in(&ann.email, &"x".repeat(5000)).await;
    for other in [&unknown, &empty, &endless] {
        assert_eq!(other.text(), known.text());
        let comparable = |answer: &mainstay_testkit::Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            headers
        };
        assert_eq!(comparable(other), comparable(&known));
    }
    assert!(known.header("www-authenticate").is_some());
    // And exactly the same number of statements.
    let lines = app.request_lines();
    let queries: Vec<_> = lines
        .iter()
        .filter(|line| line["path"] == LOGIN)
        .map(|line| &line["queries"])
        .collect();
    assert_eq!(queries.len(), 4, "{lines:?}");
    assert!(
        queries
            .iter()
            .all(|count| *count == queries[0] && count.as_u64() > Some(0)),
        "{queries:?}"
    );
}

async fn trap_15_cookies_are_out_of_reach_of_scripts_and_foreign_pages(app: &TestApp) {
    let ann = app.customer("ann").await;
    let body = json!({"email": ann.email, "password": ann.password, "transport": "cookie"});
    let answer = app.client().post(LOGIN, body).await.expect(200);
    assert!(
        !answer.text().contains("eyJ") && !answer.text().contains("mrt_"),
        "no token in the body: {answer:?}"
    );
    let cookies = answer.all("set-cookie");
    let named = |name: &str| {
        *cookies
            .iter()
            .find(|cookie| cookie.starts_with(name))
            .expect(name)
    };
    let (access, refresh) = (named("accessToken="), named("refreshToken="));
    for cookie in [access, refresh] {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite="),
            "{cookie}"
        );
    }
    assert!(
        refresh.contains("SameSite=Strict") && refresh.contains("Path=/api/auth"),
        "{refresh}"
    );
    let value = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let browser = app.client().header("cookie", &value(access));
    assert_eq!(
        browser.get("/api/users/me").await.expect(200).data()["id"],
        json!(ann.id)
    );

    // A page of another origin makes the browser send a request: the cookie is sent, and does not authenticate it.
    let product = app.product(1, 100).await;
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let forged = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for (name, value) in forged {
        browser
            .header(name, value)
            .post("/api/orders", order.clone())
            .await
            .expect_error(403, "CSRF_FAILED");
    }
    browser
        .header("sec-fetch-site", "same-origin")
        .post("/api/orders", order)
        .await
        .expect(201);

    let with_refresh = app.client().header("cookie", &value(refresh));
    let next = with_refresh.post_nothing("/api/auth/refresh").await.expect(200);
    assert_eq!(next.all("set-cookie").len(), 2);
    assert!(!next.text().contains("mrt_"), "{next:?}");
    // A script that requests tokens in the body still gets none.
    let refresh = next.all("set-cookie")[1].to_owned();
    let with_refresh = app.client().header("cookie", &value(&refresh));
    let next = with_refresh
        .post("/api/auth/refresh", json!({"transport": "body"}))
        .await
        .expect(200);
    assert_eq!(next.all("set-cookie").len(), 2);
    assert!(
        !next.text().contains("mrt_") && !next.text().contains("eyJ"),
        "{next:?}"
    );
    let out = browser.post_nothing("/api/auth/logout").await.expect(204);
    assert!(
        out.all("set-cookie")
            .iter()
            .all(|cookie| cookie.contains("Max-Age=0")),
        "{out:?}"
    );
    browser
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
}

async fn trap_15_nothing_is_changed_by_a_get(app: &TestApp) {
    let admin = app.admin().await;
    let product = app.product(1, 100).await;
    let before = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
        .await;
    for route in app.node().routes() {
        if route.method != "GET" {
            continue;
        }
        let path = route.path.replace("{id}", &product.id).replace("{name}", "admin");
        let answer = admin.get(&path).await;
        assert!(answer.status < 500, "{answer:?}");
    }
    assert_eq!(
        app.query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
            .await,
        before
    );
    for path in ["/api/auth/logout", "/api/orders", "/api/auth/login"] {
        let answer = admin.get(path).await;
        assert!(answer.status == 405 || path == "/api/orders", "{answer:?}");
        assert!(
            answer.status != 405 || answer.header("allow").is_some_and(|allow| allow.contains("POST")),
            "{answer:?}"
        );
    }
    admin.get("/api/users/me").await.expect(200);
}

async fn an_address_is_found_in_any_spelling(app: &TestApp) {
    let ann = app.customer("ann").await;
    let again = app.sign_in("ANN@Example.COM", &ann.password).await;
    assert_eq!(again.id, ann.id);
    assert_ne!(again.refresh, ann.refresh, "two sessions");
    ann.get("/api/users/me").await.expect(200);
}

async fn an_old_token_does_not_stand_in_the_way_of_signing_in(app: &TestApp) {
    let ann = app.customer("ann").await;
    let body = json!({"email": ann.email, "password": ann.password});
    for client in [
        app.client().bearer("rubbish"),
        app.client().header("cookie", "accessToken=rubbish"),
    ] {
        client.post(LOGIN, body.clone()).await.expect(200);
        client.get("/.well-known/jwks.json").await.expect(200);
    }
    // Other routes refuse a bad token even where none is required.
    app.client()
        .bearer("rubbish")
        .get("/api/products")
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.client()
        .header("cookie", "accessToken=rubbish")
        .get("/api/products")
        .await
        .expect(200);
}
