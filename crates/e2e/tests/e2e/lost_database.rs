//! A lost database: reported at once, nothing half done, and everything continues when it is back.

use crate::SECOND;
use crate::order_cancel_expire::{place, status};
use mainstay_domain::access::SystemCaller;
use mainstay_domain::error::Code;
use mainstay_engine::RequestContext;
use mainstay_engine::job::runner::{JobResult, LEASE};
use mainstay_engine::key::RotateKeys;
use mainstay_testkit::{Answer, TestApp, TestProduct, TestUser, behind_a_proxy};
use serde_json::{Value, json};
use std::pin::pin;
use std::time::Duration;

behind_a_proxy! {
    a_lost_database_is_reported_and_recovery_too;
    an_order_that_met_a_lost_database_is_placed_once_afterwards;
    a_transaction_that_is_cut_in_the_middle_leaves_nothing;
    jobs_go_on_where_they_were;
    a_job_that_is_cut_in_the_middle_is_done_once;
    trap_27_a_database_lost_at_any_message_is_never_the_clients_mistake;
    trap_27_a_key_that_could_not_be_read_is_not_a_false_one;
    a_full_disk_of_the_server_is_reported_and_recovery_too;
}

fn one_of(product: &TestProduct) -> Value {
    json!({"items": [{"productId": product.id, "quantity": 1}]})
}

async fn orders_of(person: &TestUser) -> usize {
    person.get("/api/orders").await.expect(200).list().len()
}

async fn a_lost_database_is_reported_and_recovery_too(app: &TestApp) {
    let (client, product) = (app.client(), app.product(5, 100).await);
    let ready = client.get("/health/ready").await.expect(200).json();
    assert_eq!(
        (&ready["status"], &ready["checks"]["database"]),
        (&json!("ok"), &json!("ok"))
    );
    app.cut_database().await;
    for path in ["/health/ready", "/health"] {
        let lost = client.get(path).await.expect(503).json();
        assert_eq!(lost["status"], "unavailable");
        assert_eq!(
            lost["checks"],
            json!({"database": "down", "writes": "down", "clock": "ok", "process": "ok"})
        );
    }
    client.get("/health/live").await.expect(200);
    let refused = client.get(&product.path).await.expect_error(503, "UNAVAILABLE");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert!(!refused.text().contains("127.0.0.1"), "{refused:?}");
    app.mend_database();
    assert_eq!(client.get("/health/ready").await.expect(200).json(), ready);
    client.get(&product.path).await.expect(200);
}

async fn an_order_that_met_a_lost_database_is_placed_once_afterwards(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let ann = ann.with("idempotency-key", "k-1");
    app.cut_database().await;
    for _ in 0..3 {
        let refused = ann.post("/api/orders", one_of(&product)).await;
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        refused.expect_error(503, "UNAVAILABLE");
    }
    app.mend_database();
    assert_eq!((app.stock(&product).await, orders_of(&ann).await), (5, 0));
    let first = ann.post("/api/orders", one_of(&product)).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = ann.post("/api/orders", one_of(&product)).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.data(), first.data());
    assert_eq!((app.stock(&product).await, orders_of(&ann).await), (4, 1));
}

/// Returns as soon as a transaction of the app waits for the products.
async fn has_waiters(app: &TestApp) {
    let waiting = "SELECT CAST(count(*) AS TEXT) FROM pg_locks WHERE NOT granted AND relation = 'products'::regclass \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while app.query_raw(waiting).await[0][0].as_deref() == Some("0") {}
}

async fn a_transaction_that_is_cut_in_the_middle_leaves_nothing(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let ann = ann.with("idempotency-key", "k-1");
    let hold = app.hold_database().await;
    let mut cut = pin!(ann.post("/api/orders", one_of(&product)));
    tokio::select! {
        early = &mut cut => panic!("the products are held: {early:?}"),
        () = has_waiters(app) => {}
    }
    app.cut_database().await;
    cut.await.expect_error(503, "UNAVAILABLE");
    app.mend_database();
    hold.release().await;
    let first = ann.post("/api/orders", one_of(&product)).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!((app.stock(&product).await, orders_of(&ann).await), (4, 1));
    let trail = app.admin().await.get("/api/audit?resource=order").await.list();
    assert_eq!(trail.len(), 1);
}

async fn jobs_go_on_where_they_were(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let order = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{order}/pay")).await.expect(202);
    app.cut_database().await;
    let away = |code: Code| assert_eq!(code, Code::Unavailable);
    away(app.engine().jobs().claim(10).await.unwrap_err().code());
    away(app.engine().relay().relay(10).await.unwrap_err().code());
    app.mend_database();
    app.run_jobs().await;
    assert_eq!(status(&ann, &order).await, "paid");
    assert_eq!(
        (app.gateway.collected().len(), app.mailbox.messages().len()),
        (1, 1)
    );
}

async fn a_job_that_is_cut_in_the_middle_is_done_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let order = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{order}/pay")).await.expect(202);
    let jobs = app.engine().jobs().claim(10).await.unwrap();
    let held = app.gateway.hold();
    let charging = app.engine().jobs().run_all(jobs, 1);
    let cutting = async {
        held.entered().await;
        app.cut_database().await;
        held.let_go();
    };
    let (ran, ()) = tokio::join!(charging, cutting);
    assert_eq!(ran[0].1, JobResult::Lost, "what came of it could not be noted");
    app.mend_database();
    assert_eq!(status(&ann, &order).await, "pending");
    assert!(app.run_jobs().await.is_empty(), "it is leased");
    app.advance(LEASE + SECOND);
    app.run_jobs().await;
    assert_eq!(status(&ann, &order).await, "paid");
    assert_eq!(
        (app.gateway.collected().len(), app.mailbox.messages().len()),
        (1, 1)
    );
}

/// Runs an operation while the database is lost after 0, 1, 2 ... messages, until it completes before the loss. Each
/// answer is a success or that the database is not available; anything else would blame the client.
async fn at_each_message(app: &TestApp, what: &str, doing: impl AsyncFn(usize) -> Answer) {
    for messages in 0..200 {
        let answer = doing(messages).await;
        let was_cut = app.database_is_cut();
        app.mend_database();
        let worked = (200..300).contains(&answer.status);
        if !was_cut {
            assert!(worked, "{what}: {answer:?}");
            assert!(messages > 0, "{what} needs no database");
            return;
        }
        let is_reported = answer.status == 503 && answer.code() == "UNAVAILABLE";
        assert!(
            worked || is_reported,
            "{what}, cut after {messages} messages: {answer:?}"
        );
    }
    panic!("{what} does not end");
}

async fn trap_27_a_database_lost_at_any_message_is_never_the_clients_mistake(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(100_000, 100).await);
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let client = app.client();
    let session = async || app.sign_in(&ann.email, &ann.password).await;

    at_each_message(app, "sign in", async |messages| {
        app.cut_database_after(messages);
        let body = json!({"email": ann.email, "password": ann.password});
        client.post("/api/auth/login", body).await
    })
    .await;
    at_each_message(app, "refresh", async |messages| {
        let held = session().await;
        app.cut_database_after(messages);
        let body = json!({"refreshToken": held.refresh});
        client.post("/api/auth/refresh", body).await
    })
    .await;
    at_each_message(app, "sign out", async |messages| {
        let held = session().await;
        app.cut_database_after(messages);
        held.post_nothing("/api/auth/logout").await
    })
    .await;
    at_each_message(app, "sign out everywhere", async |messages| {
        let held = session().await;
        app.cut_database_after(messages);
        held.post_nothing("/api/auth/logout-all").await
    })
    .await;
    at_each_message(app, "register", async |messages| {
        app.cut_database_after(messages);
        let email = format!("new{messages}@example.com");
        let body = json!({"email": email, "password": "new people like long walks", "name": "New"});
        client.post("/api/auth/register", body).await
    })
    .await;
    let ann = session().await;
    at_each_message(app, "order", async |messages| {
        let ann = ann.with("idempotency-key", &format!("k-{messages}"));
        app.cut_database_after(messages);
        ann.post("/api/orders", one_of(&product)).await
    })
    .await;
    let order = place(&ann, &product, 1).await;
    for path in ["/api/orders", &order, "/api/users/me", &product.path] {
        at_each_message(app, path, async |messages| {
            app.cut_database_after(messages);
            ann.get(path).await
        })
        .await;
    }
    at_each_message(app, "role", async |messages| {
        let role = if messages % 2 == 0 { "support" } else { "customer" };
        app.cut_database_after(messages);
        admin
            .put(&format!("/api/users/{}/role", bob.id), json!({"role": role}))
            .await
    })
    .await;
    at_each_message(app, "permission", async |messages| {
        app.cut_database_after(messages);
        admin
            .post(
                &format!("/api/users/{}/permissions", bob.id),
                json!({"permission": "read:user"}),
            )
            .await
    })
    .await;
}

async fn trap_27_a_key_that_could_not_be_read_is_not_a_false_one(app: &TestApp) {
    let other = app.another_node().await;
    let ann = app.customer("ann").await;
    app.advance(2 * SECOND);
    app.engine()
        .pipeline()
        .command(
            &RequestContext::system(SystemCaller::OPERATOR),
            RotateKeys { compromised: true },
        )
        .await
        .unwrap();
    app.engine().keys().refresh(Duration::MAX).await.unwrap();
    let signed_by_the_new_key = app.sign_in(&ann.email, &ann.password).await;
    let there = other.client().bearer(&signed_by_the_new_key.access);
    app.cut_database().await;
    for _ in 0..10 {
        there.get("/api/users/me").await.expect_error(503, "UNAVAILABLE");
    }
    app.mend_database();
    app.advance(2 * SECOND);
    there.get("/api/users/me").await.expect(200);
    other.stop().await;
}

/// Makes PostgreSQL report a full disk for writes to these tables.
const DISK_FULL: &str = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     RAISE EXCEPTION 'could not extend file: no space left on device' USING ERRCODE = '53100'; END $$; \
     CREATE TRIGGER no_room BEFORE INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION no_room(); \
     CREATE TRIGGER no_room BEFORE UPDATE ON write_probe FOR EACH STATEMENT EXECUTE FUNCTION no_room()";

async fn a_full_disk_of_the_server_is_reported_and_recovery_too(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let client = app.client();
    client.get("/health/ready").await.expect(200);
    app.execute_raw(DISK_FULL).await;
    let refused = ann.post("/api/orders", one_of(&product)).await;
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    refused.expect_error(503, "UNAVAILABLE");
    let ready = client.get("/health/ready").await.expect(503).json();
    assert_eq!(
        ready["checks"],
        json!({"database": "ok", "writes": "down", "clock": "ok", "process": "ok"})
    );
    client.get(&product.path).await.expect(200);
    app.execute_raw("DROP FUNCTION no_room() CASCADE").await;
    let back = async { while client.get("/health/ready").await.status != 200 {} };
    tokio::time::timeout(10 * SECOND, back).await.unwrap();
    ann.post("/api/orders", one_of(&product)).await.expect(201);
}
