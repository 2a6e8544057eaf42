//! A database that is lost: said so at once, nothing half done, and everything goes on when it is back.

use crate::SECOND;
use crate::order_end::{place, status};
use mainstay_domain::error::Code;
use mainstay_services::job::run::{LEASE, Ran};
use mainstay_testkit::{Person, TestApp, TestProduct, over_a_wire};
use serde_json::{Value, json};
use std::pin::pin;

over_a_wire! {
    a_lost_database_is_said_and_the_way_back_too;
    an_order_that_met_a_lost_database_is_placed_once_afterwards;
    a_transaction_that_is_cut_in_the_middle_leaves_nothing;
    jobs_go_on_where_they_were;
    a_job_that_is_cut_in_the_middle_is_done_once;
}

fn one_of(product: &TestProduct) -> Value {
    json!({"items": [{"productId": product.id, "quantity": 1}]})
}

async fn orders_of(person: &Person) -> usize {
    person.get("/api/orders").await.expect(200).list().len()
}

async fn a_lost_database_is_said_and_the_way_back_too(app: &TestApp) {
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
        assert_eq!(lost["checks"], json!({"database": "down", "process": "ok"}));
    }
    client.get("/health/live").await.expect(200);
    let refused = client.get(&product.path).await.refused(503, "UNAVAILABLE");
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
        refused.refused(503, "UNAVAILABLE");
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
async fn somebody_waits(app: &TestApp) {
    let waiting = "SELECT CAST(count(*) AS TEXT) FROM pg_locks WHERE NOT granted AND relation = 'products'::regclass \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while app.peek(waiting).await[0][0].as_deref() == Some("0") {}
}

async fn a_transaction_that_is_cut_in_the_middle_leaves_nothing(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let ann = ann.with("idempotency-key", "k-1");
    let hold = app.hold_database().await;
    let mut cut = pin!(ann.post("/api/orders", one_of(&product)));
    tokio::select! {
        early = &mut cut => panic!("the products are held: {early:?}"),
        () = somebody_waits(app) => {}
    }
    app.cut_database().await;
    cut.await.refused(503, "UNAVAILABLE");
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
    away(app.services().claim_jobs(10).await.unwrap_err().code());
    away(app.services().relay_events(10).await.unwrap_err().code());
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
    let jobs = app.services().claim_jobs(10).await.unwrap();
    let held = app.gateway.hold();
    let charging = app.services().run_jobs(jobs, 1);
    let cutting = async {
        held.entered().await;
        app.cut_database().await;
        held.let_go();
    };
    let (ran, ()) = tokio::join!(charging, cutting);
    assert_eq!(ran[0].1, Ran::Lost, "what came of it could not be noted");
    app.mend_database();
    assert_eq!(status(&ann, &order).await, "pending");
    assert!(app.run_jobs().await.is_empty(), "it is leased");
    app.pass(LEASE + SECOND);
    app.run_jobs().await;
    assert_eq!(status(&ann, &order).await, "paid");
    assert_eq!(
        (app.gateway.collected().len(), app.mailbox.messages().len()),
        (1, 1)
    );
}
