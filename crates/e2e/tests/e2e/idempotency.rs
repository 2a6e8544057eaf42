//! Idempotency keys: a request counts once, however often it is sent.

use crate::order_cancel_expire::place;
use crate::{HOUR, SECOND};
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_repetition_gets_the_first_answer;
    another_request_under_the_same_key_is_refused;
    domain_errors_are_replayed_too;
    errors_before_the_transaction_are_not_stored;
    callers_and_routes_have_their_own_keys;
    a_key_expires_after_a_day;
    trap_19_concurrent_requests_with_one_key_place_one_order;
    a_repetition_during_the_first_request_gets_a_conflict_with_retry_after;
    malformed_keys_are_refused;
    answers_with_secrets_are_not_stored;
    another_process_replays_the_answer;
}

async fn a_repetition_gets_the_first_answer(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let (body, ann) = (
        json!({"items": [{"productId": product.id, "quantity": 1}]}),
        ann.with("idempotency-key", "k-1"),
    );
    let first = ann.post("/api/orders", body.clone()).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    app.advance(SECOND);
    let again = ann.post("/api/orders", body.clone()).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(
        (again.data(), again.header("location")),
        (first.data(), first.header("location"))
    );
    assert_eq!(app.stock(&product).await, 4);
    ann.with("idempotency-key", "k-2")
        .post("/api/orders", body)
        .await
        .expect(201);
    assert_eq!(app.stock(&product).await, 3);
}

async fn another_request_under_the_same_key_is_refused(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let ann = ann.with("idempotency-key", "k-1");
    let body = |quantity: i64| json!({"items": [{"productId": product.id, "quantity": quantity}]});
    ann.post("/api/orders", body(1)).await.expect(201);
    let refused = ann
        .post("/api/orders", body(2))
        .await
        .expect_error(422, "IDEMPOTENCY_MISMATCH");
    assert_eq!(refused.header("idempotency-replayed"), None);
    assert_eq!(app.stock(&product).await, 4);
    // Another path is another request.
    let admin = app.admin().await.with("idempotency-key", "k-1");
    let other = app.product(5, 100).await;
    let change = json!({"delta": 1, "reason": "counted"});
    admin
        .post(&format!("{}/stock", product.path), change.clone())
        .await
        .expect(200);
    admin
        .post(&format!("{}/stock", other.path), change)
        .await
        .expect_error(422, "IDEMPOTENCY_MISMATCH");
}

async fn domain_errors_are_replayed_too(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(0, 100).await);
    let (body, ann) = (
        json!({"items": [{"productId": product.id, "quantity": 1}]}),
        ann.with("idempotency-key", "k-1"),
    );
    let first = ann
        .post("/api/orders", body.clone())
        .await
        .expect_error(409, "OUT_OF_STOCK");
    let stock = json!({"delta": 5, "reason": "came in"});
    app.admin()
        .await
        .post(&format!("{}/stock", product.path), stock)
        .await
        .expect(200);
    let again = ann
        .post("/api/orders", body.clone())
        .await
        .expect_error(409, "OUT_OF_STOCK");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(
        (again.validation_errors(), &again.json()["error"]["message"]),
        (first.validation_errors(), &first.json()["error"]["message"])
    );
    ann.with("idempotency-key", "k-2")
        .post("/api/orders", body)
        .await
        .expect(201);
    let order = place(&ann.with("idempotency-key", "k-3"), &product, 1).await;
    let cancel = format!("{order}/cancel");
    let first = ann
        .with("idempotency-key", "c-1")
        .post_nothing(&cancel)
        .await
        .expect(200);
    let again = ann
        .with("idempotency-key", "c-1")
        .post_nothing(&cancel)
        .await
        .expect(200);
    assert_eq!(
        (first.data(), again.header("idempotency-replayed")),
        (again.data(), Some("true"))
    );
    for _ in 0..2 {
        ann.with("idempotency-key", "c-2")
            .post_nothing(&cancel)
            .await
            .expect_error(409, "INVALID_STATE");
    }
}

async fn errors_before_the_transaction_are_not_stored(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let keyed = ann.with("idempotency-key", "k-1");
    keyed
        .post("/api/orders", json!({"items": []}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    keyed
        .post(
            "/api/orders",
            json!({"items": [{"productId": product.id, "quantity": 0}]}),
        )
        .await
        .expect(400);
    keyed
        .request("POST", "/api/orders", Some(("application/json", b"{".to_vec())))
        .await
        .expect_error(400, "BAD_REQUEST");
    keyed
        .anonymous()
        .post("/api/orders", json!({"items": []}))
        .await
        .expect(401);
    keyed
        .post("/api/products", json!({}))
        .await
        .expect_error(403, "FORBIDDEN");
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = keyed.post("/api/orders", body).await.expect(201);
    let pay = format!("{}/pay", order.header("location").unwrap());
    app.gateway.set_closed(true);
    keyed.post_nothing(&pay).await.expect_error(503, "UNAVAILABLE");
    app.gateway.set_closed(false);
    keyed.post_nothing(&pay).await.expect(202);
    app.run_jobs().await;
    assert_eq!(app.gateway.collected().len(), 1);
}

async fn callers_and_routes_have_their_own_keys(app: &TestApp) {
    let (ann, bob, product) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.product(5, 100).await,
    );
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let of_ann = ann
        .with("idempotency-key", "k-1")
        .post("/api/orders", body.clone())
        .await
        .expect(201);
    let of_bob = bob
        .with("idempotency-key", "k-1")
        .post("/api/orders", body)
        .await
        .expect(201);
    assert_ne!(of_ann.data()["id"], of_bob.data()["id"]);
    assert_eq!(of_bob.header("idempotency-replayed"), None);
    let pay = format!("{}/pay", of_ann.header("location").unwrap());
    ann.with("idempotency-key", "k-1")
        .post_nothing(&pay)
        .await
        .expect(202);
    assert_eq!(app.stock(&product).await, 3);
    app.run_jobs().await;
}

async fn a_key_expires_after_a_day(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let order = async || {
        let ann = app
            .sign_in(&ann.email, &ann.password)
            .await
            .with("idempotency-key", "k-1");
        ann.post("/api/orders", body.clone()).await.expect(201)
    };
    let first = order().await;
    app.advance(24 * HOUR);
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(
        order().await.data()["id"],
        first.data()["id"],
        "for the whole day"
    );
    app.advance(SECOND);
    let next = order().await;
    assert_ne!(
        next.data()["id"],
        first.data()["id"],
        "whether or not it was pruned"
    );
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(order().await.data()["id"], next.data()["id"]);
}

async fn trap_19_concurrent_requests_with_one_key_place_one_order(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(50, 100).await);
    let other = app.another_node().await;
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let here = ann.with("idempotency-key", "k-1");
    let there = other
        .client()
        .bearer(&ann.access)
        .header("idempotency-key", "k-1");
    let requests = (0..8).map(|number| {
        let (here, there, body) = (here.clone(), there.clone(), body.clone());
        async move {
            if number % 2 == 0 {
                here.post("/api/orders", body).await
            } else {
                there.post("/api/orders", body).await
            }
        }
    });
    let answers = futures_util::future::join_all(requests).await;
    let mut placed: Vec<String> = Vec::new();
    for answer in &answers {
        match answer.status {
            201 => placed.push(answer.data()["id"].to_string()),
            _ => assert_eq!(
                (answer.status, answer.code().as_str()),
                (409, "IDEMPOTENCY_IN_FLIGHT"),
                "{answer:?}"
            ),
        }
    }
    placed.sort();
    placed.dedup();
    assert_eq!(placed.len(), 1, "{answers:?}");
    assert_eq!(app.stock(&product).await, 49);
    other.stop().await;
}

async fn a_repetition_during_the_first_request_gets_a_conflict_with_retry_after(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(50, 100).await);
    let ann = ann.with("idempotency-key", "k-1");
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    // Another transaction holds the database, so the first request cannot end yet.
    let hold = app.hold_database().await;
    let send = || Box::pin(ann.post("/api/orders", body.clone()));
    let (refused, _, mut first) = futures_util::future::select_all([send(), send()]).await;
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    refused.expect_error(409, "IDEMPOTENCY_IN_FLIGHT");
    hold.release().await;
    first.remove(0).await.expect(201);
    let again = ann.post("/api/orders", body).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

async fn malformed_keys_are_refused(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    for bad in ["", " ", "two words", "ü", &"k".repeat(256)] {
        ann.with("idempotency-key", bad)
            .post("/api/orders", body.clone())
            .await
            .expect_error(400, "BAD_REQUEST");
    }
    ann.with("idempotency-key", &"k".repeat(255))
        .post("/api/orders", body.clone())
        .await
        .expect(201);
    // Reads are idempotent anyway.
    ann.with("idempotency-key", "two words")
        .get("/api/orders")
        .await
        .expect(200);
    assert_eq!(app.stock(&product).await, 4);
}

async fn answers_with_secrets_are_not_stored(app: &TestApp) {
    let ann = app.customer("ann").await;
    let client = app.client().header("idempotency-key", "k-1");
    let body = json!({"email": ann.email, "password": ann.password});
    let first = client.post("/api/auth/login", body.clone()).await.expect(200);
    // Where the key is ignored, so is a malformed one.
    for bad in ["a b", &"k".repeat(256)] {
        let client = app.client().header("idempotency-key", bad);
        client.post("/api/auth/login", body.clone()).await.expect(200);
    }
    let second = client.post("/api/auth/login", body).await.expect(200);
    assert_ne!(first.data()["refreshToken"], second.data()["refreshToken"]);
    assert_eq!(second.header("idempotency-replayed"), None);
    let renew = json!({"refreshToken": ann.refresh});
    ann.with("idempotency-key", "k-2")
        .post("/api/auth/refresh", renew)
        .await
        .expect(200);
    ann.with("idempotency-key", "k-3")
        .post_nothing("/api/auth/logout")
        .await
        .expect(204);
    let stored = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM idempotency_keys")
        .await;
    assert_eq!(stored, [[Some("0".to_owned())]]);
}

async fn another_process_replays_the_answer(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let first = ann
        .with("idempotency-key", "k-1")
        .post("/api/orders", body.clone())
        .await
        .expect(201);
    let other = app.another_node().await;
    let there = other
        .client()
        .bearer(&ann.access)
        .header("idempotency-key", "k-1");
    let again = there.post("/api/orders", body).await.expect(201);
    assert_eq!(
        (again.data(), again.header("idempotency-replayed")),
        (first.data(), Some("true"))
    );
    other.stop().await;
}
