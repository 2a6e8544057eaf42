//! Concurrent requests.

use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_19_the_last_units_are_sold_once;
    trap_19_orders_of_the_same_products_in_opposite_order_do_not_deadlock;
    trap_19_concurrent_changes_lose_no_update;
    trap_19_an_order_paid_and_cancelled_concurrently_is_not_charged;
    trap_19_ten_concurrent_changes_all_succeed;
    a_stale_version_is_refused_by_the_first_statement;
}

async fn trap_19_the_last_units_are_sold_once(app: &TestApp) {
    let product = app.product(5, 100).await;
    let mut buyers = Vec::new();
    for number in 0..4 {
        buyers.push(app.customer(&format!("buyer{number}")).await);
    }
    let body = json!({"items": [{"productId": product.id, "quantity": 1}]});
    let requests = buyers
        .iter()
        .cycle()
        .take(16)
        .map(|buyer| buyer.post("/api/orders", body.clone()));
    let answers = futures_util::future::join_all(requests).await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    let short = answers
        .iter()
        .filter(|answer| answer.code() == "OUT_OF_STOCK")
        .count();
    assert_eq!((sold, short), (5, 11), "{answers:?}");
    assert_eq!(app.stock(&product).await, 0);
}

async fn trap_19_orders_of_the_same_products_in_opposite_order_do_not_deadlock(app: &TestApp) {
    let (ann, one, two) = (
        app.customer("ann").await,
        app.product(100, 100).await,
        app.product(100, 100).await,
    );
    let order = |first: &str, second: &str| {
        let body =
            json!({"items": [{"productId": first, "quantity": 1}, {"productId": second, "quantity": 1}]});
        ann.post("/api/orders", body)
    };
    let requests = (0..20).map(|number| {
        if number % 2 == 0 {
            order(&one.id, &two.id)
        } else {
            order(&two.id, &one.id)
        }
    });
    for answer in futures_util::future::join_all(requests).await {
        answer.expect(201);
    }
    assert_eq!((app.stock(&one).await, app.stock(&two).await), (80, 80));
    let orders = ann.get("/api/orders?limit=100").await.expect(200).list();
    let cancels: Vec<String> = orders
        .iter()
        .map(|order| format!("/api/orders/{}/cancel", order["id"].as_str().unwrap()))
        .collect();
    for answer in futures_util::future::join_all(cancels.iter().map(|path| ann.post_nothing(path))).await {
        answer.expect(200);
    }
    assert_eq!((app.stock(&one).await, app.stock(&two).await), (100, 100));
}

async fn trap_19_concurrent_changes_lose_no_update(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(100, 100).await);
    let ann = app.customer("ann").await;
    let order = json!({"items": [{"productId": product.id, "quantity": 1}]});
    // A change of the name must not write back the stock that it read.
    let orders = futures_util::future::join_all((0..10).map(|_| ann.post("/api/orders", order.clone())));
    let names = futures_util::future::join_all(
        (0..10).map(|number| admin.patch(&product.path, json!({"name": format!("Name {number}")}))),
    );
    let (orders, names) = tokio::join!(orders, names);
    for answer in orders {
        answer.expect(201);
    }
    for answer in &names {
        // Without `If-Match` a change is never refused for a stale version.
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
        let success_or_retry_after = answer.status == 200 || answer.header("retry-after").is_some();
        assert!(success_or_retry_after, "{answer:?}");
    }
    assert!(names.iter().any(|answer| answer.status == 200), "{names:?}");
    assert_eq!(app.stock(&product).await, 90);
}

async fn trap_19_an_order_paid_and_cancelled_concurrently_is_not_charged(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(100, 100).await);
    let other = app.another_node().await;
    let (here, there) = (
        app.client().bearer(&ann.access),
        other.client().bearer(&ann.access),
    );
    for round in 0..16 {
        let path = place(&ann, &product, 1).await;
        let (pay, cancel) = (format!("{path}/pay"), format!("{path}/cancel"));
        // In every other round there is a payment already, which the cancellation voids.
        if round % 2 == 0 {
            ann.post_nothing(&pay).await.expect(202);
        }
        let pays = (0..6).map(|number| if number % 2 == 0 { &here } else { &there }.post_nothing(&pay));
        let (pays, cancelled) =
            tokio::join!(futures_util::future::join_all(pays), there.post_nothing(&cancel));
        cancelled.expect(200);
        for answer in pays {
            assert!(matches!(answer.status, 202 | 409), "{answer:?}");
        }
        ann.post_nothing(&pay).await.expect_error(409, "INVALID_STATE");
    }
    let payments = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM payments GROUP BY order_id")
        .await;
    assert!(
        payments
            .iter()
            .flatten()
            .all(|count| count.as_deref() == Some("1")),
        "{payments:?}"
    );
    app.run_jobs().await;
    assert_eq!(app.gateway.collected(), []);
    let left = app
        .query_raw("SELECT status FROM payments WHERE status <> 'cancelled'")
        .await;
    assert!(left.is_empty(), "{left:?}");
    other.stop().await;
}

async fn trap_19_ten_concurrent_changes_all_succeed(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(5, 100).await);
    let fields = ["name", "description", "category"];
    let changes = (0..10).map(|number| {
        let field = fields[number % fields.len()];
        admin.patch(&product.path, json!({field: format!("New {number}")}))
    });
    // Of the changes that conflict, one commits first; so the last may conflict nine times.
    for answer in futures_util::future::join_all(changes).await {
        answer.expect(200);
    }
    let trail = format!("/api/audit?resourceId={}&action=UPDATE", product.id);
    assert_eq!(admin.get(&trail).await.list().len(), 10);
    let current = admin.get(&product.path).await.expect(200);
    assert!(current.etag().starts_with("\"v11"), "{current:?}");
}

async fn a_stale_version_is_refused_by_the_first_statement(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(5, 100).await);
    let seen = admin.get(&product.path).await.etag();
    admin
        .patch(&product.path, json!({"name": "First"}))
        .await
        .expect(200);
    let before = app.request_lines().len();
    let late = admin.header("if-match", &seen);
    late.patch(&product.path, json!({"name": "Second"}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let lines = app.request_lines();
    assert_eq!(lines.len(), before + 1);
    assert_eq!(lines[before]["queries"], 1, "{:?}", lines[before]);
    // Of ten changes for the same state, one succeeds.
    let seen = admin.get(&product.path).await.etag();
    let mine = admin.header("if-match", &seen);
    let changes = (0..10).map(|number| mine.patch(&product.path, json!({"name": format!("Name {number}")})));
    let answers = futures_util::future::join_all(changes).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(412)), (1, 9), "{answers:?}");
}
