//! Trap 15: requests that another site makes a browser send.

use mainstay_testkit::{Client, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_15_a_header_that_is_not_read_is_no_excuse with ALLOWED_ORIGINS = "https://shop.example";
    trap_15_a_token_in_a_header_is_no_trick with ALLOWED_ORIGINS = "https://shop.example";
}

const FOREIGN: [(&str, &str); 4] = [
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("origin", "https://evil.example"),
    ("origin", "null"),
];

/// A browser that signed in by cookies.
async fn browser(app: &TestApp, email: &str, password: &str) -> Client {
    let body = json!({"email": email, "password": password, "transport": "cookie"});
    let answer = app.client().post("/api/auth/login", body).await.expect(200);
    let cookies = answer.all("set-cookie");
    let pairs = cookies.iter().map(|cookie| cookie.split(';').next().unwrap());
    app.client()
        .header("cookie", &pairs.collect::<Vec<_>>().join("; "))
}

async fn trap_15_a_header_that_is_not_read_is_no_excuse(app: &TestApp) {
    let ann = app.customer("ann").await;
    let browser = browser(app, &ann.email, &ann.password).await;
    let sign_in = json!({"email": ann.email, "password": ann.password, "transport": "cookie"});
    let register =
        json!({"email": "mal@example.com", "password": "a long walk", "name": "M", "transport": "cookie"});
    let excuses = [
        ("x-nothing", "x".to_owned()),
        ("authorization", "Bearer junk".to_owned()),
        ("authorization", format!("Bearer {}", ann.access)),
        ("authorization", "Basic eDp5".to_owned()),
        ("x-access-token", "junk".to_owned()),
        ("x-access-token", ann.access.clone()),
        ("idempotency-key", "k".to_owned()),
    ];
    for (name, value) in FOREIGN {
        for (excuse, content) in &excuses {
            let page = browser.header(name, value).header(excuse, content);
            let refused = |answer: mainstay_testkit::Answer| {
                assert!(answer.all("set-cookie").is_empty(), "{answer:?}");
                answer.expect_error(403, "CSRF_FAILED");
            };
            refused(page.post_nothing("/api/auth/refresh").await);
            refused(
                page.post("/api/auth/refresh", json!({"transport": "cookie"}))
                    .await,
            );
            refused(page.post("/api/auth/login", sign_in.clone()).await);
            refused(page.post("/api/auth/register", register.clone()).await);
            refused(page.post("/api/auth/setup", json!({})).await);
        }
    }
    // The session is intact: none of these requests refreshed it.
    let own = browser.header("sec-fetch-site", "same-origin");
    own.post_nothing("/api/auth/refresh").await.expect(200);
    let listed = browser
        .header("origin", "https://shop.example")
        .header("sec-fetch-site", "cross-site");
    listed.post_nothing("/api/auth/refresh").await.expect(200);
}

async fn trap_15_a_token_in_a_header_is_no_trick(app: &TestApp) {
    let ann = app.customer("ann").await;
    let browser = browser(app, &ann.email, &ann.password).await;
    let product = app.product(9, 100).await;
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    for (name, value) in FOREIGN {
        let page = browser.header(name, value);
        page.bearer(&ann.access)
            .post("/api/orders", order.clone())
            .await
            .expect(201);
        page.header("x-access-token", &ann.access)
            .post("/api/orders", order.clone())
            .await
            .expect(201);
        page.bearer("junk")
            .post("/api/orders", order.clone())
            .await
            .expect_error(401, "TOKEN_INVALID");
        for other in ["Basic eDp5", "Negotiate x", "Bearer", "Bearer "] {
            page.header("authorization", other)
                .post("/api/orders", order.clone())
                .await
                .expect_error(403, "CSRF_FAILED");
            page.header("authorization", other)
                .post_nothing("/api/auth/logout")
                .await
                .expect_error(403, "CSRF_FAILED");
        }
    }
}
