//! How orders end: cancelled or expired, and the effects on stock and money.

use crate::{MINUTE, SECOND};
use mainstay_testkit::{TestApp, TestProduct, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    cancelling_an_order_returns_its_stock;
    cancelling_a_paid_order_refunds_it;
    a_refund_is_retried_and_made_once;
    an_ended_order_allows_no_transition;
    an_unpaid_order_expires;
    an_order_with_a_pending_payment_does_not_expire;
    an_order_that_fails_to_expire_does_not_block_others;
    cancelling_with_a_stale_if_match_is_refused;
    trap_19_an_order_is_cancelled_once;
    trap_19_expiring_and_cancelling_return_the_stock_once;
}

/// Places an order and returns its path.
pub(crate) async fn place(person: &TestUser, product: &TestProduct, quantity: i64) -> String {
    let body = json!({"items": [{"productId": product.id, "quantity": quantity}]});
    person
        .post("/api/orders", body)
        .await
        .expect(201)
        .header("location")
        .expect("a path")
        .to_owned()
}

/// The status of an order.
pub(crate) async fn status(person: &TestUser, path: &str) -> String {
    person.get(path).await.expect(200).data()["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}

async fn cancelling_an_order_returns_its_stock(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 3).await;
    assert_eq!(app.stock(&product).await, 2);
    let cancelled = ann
        .post(&format!("{path}/cancel"), json!({"reason": "Too many mugs"}))
        .await
        .expect(200)
        .data();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(app.stock(&product).await, 5);
    let id = cancelled["id"].as_str().unwrap();
    let trail = app
        .admin()
        .await
        .get(&format!("/api/audit?resourceId={id}&action=CANCEL"))
        .await
        .list();
    assert_eq!(trail[0]["after"]["reason"], "Too many mugs");
    assert!(app.run_jobs().await.is_empty(), "nothing was paid");
}

async fn cancelling_a_paid_order_refunds_it(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 3).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    assert_eq!(app.stock(&product).await, 5);
    let pay = format!("{path}/pay");
    ann.post_nothing(&pay).await.expect_error(409, "INVALID_STATE");
    let kinds: Vec<String> = app.run_jobs().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["payment.refund"]);
    ann.post_nothing(&pay).await.expect_error(409, "INVALID_STATE");
    assert_eq!(app.gateway.repaid(), app.gateway.collected());
    let order = ann.get(&path).await.data();
    assert_eq!(
        (&order["status"], &order["refunded"]),
        (&json!("cancelled"), &json!({"amount": 300, "currency": "USD"}))
    );
}

async fn a_refund_is_retried_and_made_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    app.gateway.fail_next(1);
    app.run_jobs().await;
    assert!(app.gateway.repaid().is_empty());
    app.advance(2 * SECOND);
    // The gateway refunds, but its answer is lost: it is called again, and refunds once.
    app.gateway.lose_next_answer();
    app.run_jobs().await;
    app.advance(5 * SECOND);
    app.run_jobs().await;
    assert_eq!(app.gateway.repaid().len(), 1);
    assert_eq!(ann.get(&path).await.data()["refunded"]["amount"], 100);
}

async fn an_ended_order_allows_no_transition(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    ann.post_nothing(&format!("{path}/cancel"))
        .await
        .expect_error(409, "INVALID_STATE");
    ann.post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(409, "INVALID_STATE");
    assert_eq!(app.stock(&product).await, 5, "returned once");
    let path = place(&ann, &product, 1).await;
    app.advance(30 * MINUTE);
    ann.refreshed()
        .await
        .post_nothing(&format!("{path}/pay"))
        .await
        .expect_error(409, "INVALID_STATE");
    app.advance(SECOND);
    mainstay_services::order::expire_orders(app.engine().pipeline())
        .await
        .unwrap();
    ann.refreshed()
        .await
        .post_nothing(&format!("{path}/cancel"))
        .await
        .expect_error(409, "INVALID_STATE");
    assert_eq!(app.gateway.calls(), 0);
}

async fn an_unpaid_order_expires(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 2).await;
    app.advance(30 * MINUTE - SECOND);
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        0
    );
    assert_eq!(app.stock(&product).await, 3);
    app.advance(2 * SECOND);
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        1
    );
    assert_eq!(app.stock(&product).await, 5);
    assert_eq!(status(&ann.refreshed().await, &path).await, "expired");
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        0
    );
    assert_eq!(app.stock(&product).await, 5);
    let trail = app.admin().await.get("/api/audit?action=EXPIRE").await.list();
    assert_eq!((trail.len(), trail[0]["actor"].clone()), (1, json!("system")));
}

async fn an_order_with_a_pending_payment_does_not_expire(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 2).await;
    app.advance(14 * MINUTE);
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.gateway.fail_next(1);
    app.run_jobs().await;
    app.advance(20 * MINUTE);
    mainstay_services::order::expire_orders(app.engine().pipeline())
        .await
        .unwrap();
    app.run_jobs().await;
    assert_eq!(status(&ann.refreshed().await, &path).await, "paid");
    assert_eq!(app.stock(&product).await, 3);
}

async fn an_order_that_fails_to_expire_does_not_block_others(app: &TestApp) {
    let (ann, broken, product) = (
        app.customer("ann").await,
        app.product(50, 100).await,
        app.product(5, 100).await,
    );
    let stuck = place(&ann, &broken, 1).await;
    app.advance(SECOND);
    let path = place(&ann, &product, 1).await;
    // The largest stock: one more overflows the column.
    app.execute_raw("UPDATE products SET stock = 9223372036854775807 WHERE stock = 49")
        .await;
    app.advance(31 * MINUTE);
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        1
    );
    let ann = ann.refreshed().await;
    assert_eq!(status(&ann, &path).await, "expired");
    assert_eq!(status(&ann, &stuck).await, "pending");
    app.execute_raw("UPDATE products SET stock = 49 WHERE stock > 1000")
        .await;
    assert_eq!(
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap(),
        1
    );
    assert_eq!(status(&ann, &stuck).await, "expired");
}

async fn cancelling_with_a_stale_if_match_is_refused(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 2).await;
    let seen = ann.get(&path).await.etag();
    ann.header("if-none-match", &seen).get(&path).await.expect(304);
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    let stale = ann.header("if-match", &seen);
    stale
        .post_nothing(&format!("{path}/cancel"))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    assert_eq!(status(&ann, &path).await, "paid");
    ann.header("if-none-match", &seen).get(&path).await.expect(200);
}

async fn trap_19_an_order_is_cancelled_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let path = place(&ann, &product, 3).await;
    ann.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    let cancel = format!("{path}/cancel");
    let answers = futures_util::future::join_all((0..5).map(|_| ann.post_nothing(&cancel))).await;
    let mut codes: Vec<(u16, String)> = answers
        .iter()
        .map(|answer| (answer.status, answer.code()))
        .collect();
    codes.sort();
    assert_eq!(codes[0].0, 200);
    assert!(
        codes[1..]
            .iter()
            .all(|(status, code)| (*status, code.as_str()) == (409, "INVALID_STATE")),
        "{codes:?}"
    );
    assert_eq!(app.stock(&product).await, 5);
    app.run_jobs().await;
    assert_eq!(app.gateway.repaid().len(), 1);
}

async fn trap_19_expiring_and_cancelling_return_the_stock_once(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    for _ in 0..5 {
        let ann = app.sign_in(&ann.email, &ann.password).await;
        let path = place(&ann, &product, 3).await;
        app.advance(30 * MINUTE);
        let ann = ann.refreshed().await;
        let cancel = format!("{path}/cancel");
        let (cancelled, first, second) = tokio::join!(
            ann.post_nothing(&cancel),
            mainstay_services::order::expire_orders(app.engine().pipeline()),
            mainstay_services::order::expire_orders(app.engine().pipeline())
        );
        first.unwrap();
        second.unwrap();
        assert!(matches!(cancelled.status, 200 | 409), "{cancelled:?}");
        mainstay_services::order::expire_orders(app.engine().pipeline())
            .await
            .unwrap();
        assert_eq!(app.stock(&product).await, 5);
    }
}
