//! The public contract, stored in `contracts/`: a review shows every change of it.

use mainstay_domain::error::Code;
use mainstay_testkit::{Answer, Engine, TestApp, on_both_engines};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

on_both_engines! {
    every_code_has_its_status_and_words with BODY_LIMIT = "4KiB", RATE_LIMITS = "on", REQUEST_TIMEOUT = "2s";
}

/// Compares a text with its file. With `UPDATE_CONTRACTS` set, the file is written instead.
#[expect(
    clippy::disallowed_methods,
    reason = "renews the snapshots in the repository; a switch of the test run, not a setting of Mainstay"
)]
pub(crate) fn hold(app: &TestApp, file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../contracts")
        .join(file);
    if std::env::var_os("UPDATE_CONTRACTS").is_some() && app.database_engine() == Engine::Sqlite {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = kept.lines().zip(text.lines()).find(|(kept, now)| kept != now);
    assert!(
        kept == text,
        "contracts/{file} differs, first at {first:?}; if that is meant: UPDATE_CONTRACTS=1 cargo test -p mainstay-e2e"
    );
}

async fn every_code_has_its_status_and_words(app: &TestApp) {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for answer in provoked(app).await {
        let code = answer.code();
        let code = Code::ALL
            .iter()
            .find(|known| known.as_str() == code)
            .unwrap_or_else(|| panic!("{answer:?}"));
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        lines
            .entry(code.as_str())
            .or_insert_with(|| format!("{} {message}", answer.status));
    }
    let mut text = String::from(
        "# Every code that clients may rely on, with its status and an example of its words. -: no operation answers it yet.\n",
    );
    for code in Code::ALL {
        let line = lines.get(code.as_str()).map_or("-", String::as_str);
        writeln!(text, "{:<24} {line}", code.as_str()).unwrap();
    }
    hold(app, "error-codes.txt", &text);
    app.run_jobs().await;
}

/// One answer for each code that a request can provoke.
async fn provoked(app: &TestApp) -> Vec<Answer> {
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    let (some, none) = (app.product(5, 100).await, app.product(0, 100).await);
    let client = app.client();
    let line = |id: &str, quantity: i64| json!({"items": [{"productId": id, "quantity": quantity}]});
    let json_of = |text: &str| Some(("application/json", text.as_bytes().to_vec()));
    let keyed = ann.with("idempotency-key", "k-1");
    let path = crate::order_cancel_expire::place(&keyed, &some, 1).await;
    let mut all = vec![
        ann.request("POST", "/api/orders", json_of("{")).await,
        ann.post("/api/orders", json!({})).await,
        client.get("/api/users/me").await,
        client.bearer("rubbish").get("/api/users/me").await,
        client
            .post(
                "/api/auth/login",
                json!({"email": ann.email, "password": "a guess"}),
            )
            .await,
        ann.get("/api/audit").await,
        ann.get("/api/products/x").await,
        ann.delete("/api/orders").await,
        client
            .post(
                "/api/auth/register",
                json!({"email": ann.email, "password": "walks in rain", "name": "A"}),
            )
            .await,
        ann.post("/api/orders", line(&none.id, 1)).await,
        keyed.post("/api/orders", line(&some.id, 2)).await,
        admin
            .header("if-match", "\"v99\"")
            .patch(&some.path, json!({"name": "x"}))
            .await,
        ann.request("POST", "/api/orders", Some(("text/plain", b"{}".to_vec())))
            .await,
        ann.request("POST", "/api/orders", json_of(&" ".repeat(5000)))
            .await,
        client
            .header("origin", "https://evil.example")
            .post("/api/orders", json!({}))
            .await,
    ];
    all.push(ann.post_nothing("/api/auth/mfa/recovery-codes").await);
    all.push(ann.post("/api/auth/step-up", json!({"code": "123456"})).await);
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    all.push(ann.post_nothing(&format!("{path}/cancel")).await);
    let path = crate::order_cancel_expire::place(&ann, &some, 1).await;
    app.gateway.set_closed(true);
    all.push(ann.post_nothing(&format!("{path}/pay")).await);
    let third = bob.refreshed().await.refreshed().await;
    all.push(
        client
            .post("/api/auth/refresh", json!({"refreshToken": bob.refresh}))
            .await,
    );
    all.push(third.get("/api/users/me").await);
    let eve = app.customer("eve").await;
    admin
        .patch(&format!("/api/users/{}", eve.id), json!({"status": "disabled"}))
        .await
        .expect(200);
    all.push(eve.get("/api/users/me").await);
    app.execute_raw("ALTER TABLE jobs RENAME TO gone").await;
    all.push(admin.get("/api/jobs").await);
    app.execute_raw("ALTER TABLE gone RENAME TO jobs").await;
    let claim = json!({"token": "x", "email": "x@example.com", "password": "walks in rain", "name": "X"});
    for _ in 0..10 {
        client
            .post("/api/auth/setup", claim.clone())
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    all.push(client.post("/api/auth/setup", claim).await);
    let (hold, twice) = (app.hold_database().await, ann.with("idempotency-key", "k-2"));
    let (one, other) = tokio::join!(
        twice.post("/api/orders", line(&some.id, 1)),
        twice.post("/api/orders", line(&some.id, 1))
    );
    hold.release().await;
    all.extend([one, other]);
    app.advance(15 * crate::MINUTE);
    all.push(ann.get("/api/users/me").await);
    all
}
