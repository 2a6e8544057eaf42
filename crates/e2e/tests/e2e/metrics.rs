//! The content of `/metrics`.

use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    metrics_require_a_permission;
    database_statements_of_use_cases_are_counted;
    security_events_are_counted;
    waiting_jobs_are_counted_by_queue_and_state;
}

/// A product that does not exist: a query without a result counts too.
const UNKNOWN_PRODUCT: &str = "/api/products/0199b1f4-7c00-7000-8000-000000000001";

/// The value of one metric, which must be present.
async fn metric(admin: &TestUser, name: &str) -> u64 {
    let text = admin.get("/metrics").await.expect(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("{name} is not in {text}"));
    value.trim().parse().unwrap()
}

async fn metrics_require_a_permission(app: &TestApp) {
    app.client()
        .get("/metrics")
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.customer("ann")
        .await
        .get("/metrics")
        .await
        .expect_error(403, "FORBIDDEN");
    let metrics = app.admin().await.get("/metrics").await.expect(200).text();
    for name in [
        "\nmainstay_http_requests_total{",
        "\nmainstay_database_commits_total ",
    ] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    assert!(!metrics.contains("ann@example.com"));
    assert!(!metrics.contains("mainstay_mainstay"));
}

async fn database_statements_of_use_cases_are_counted(app: &TestApp) {
    const STATEMENTS: &str = "mainstay_database_statements_total ";
    const TRANSACTIONS: &str = "mainstay_database_duration_seconds_count ";
    const MISSED: &str = r#"mainstay_use_cases_total{use_case="product.read",outcome="NOT_FOUND"} "#;
    const READ: &str = r#"mainstay_use_cases_total{use_case="product.read",outcome="OK"} "#;
    let admin = app.admin().await;
    let product = app.product(1, 100).await;
    admin.get(UNKNOWN_PRODUCT).await.expect(404);
    let before = [
        metric(&admin, STATEMENTS).await,
        metric(&admin, TRANSACTIONS).await,
    ];
    assert!(before[0] > 0 && before[1] > 0, "{before:?}");
    assert_eq!((metric(&admin, MISSED).await, metric(&admin, READ).await), (1, 0));
    admin
        .get(&format!("/api/products/{}", product.id))
        .await
        .expect(200);
    admin.get(UNKNOWN_PRODUCT).await.expect(404);
    assert_eq!((metric(&admin, MISSED).await, metric(&admin, READ).await), (2, 1));
    let after = [
        metric(&admin, STATEMENTS).await,
        metric(&admin, TRANSACTIONS).await,
    ];
    assert!(
        after[0] >= before[0] + 2 && after[1] >= before[1] + 2,
        "{before:?} {after:?}"
    );
    let line = app.request_lines().into_iter().find(|line| line["status"] == 404);
    let line = line.expect("every request has a line");
    assert!(line["database_us"].as_u64() > Some(0), "{line}");
}

async fn security_events_are_counted(app: &TestApp) {
    const UNAUTHENTICATED: &str = r#"mainstay_security_events_total{type="unauthorized_access"} "#;
    const DENIED: &str = r#"mainstay_security_events_total{type="insufficient_permissions"} "#;
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    for _ in 0..3 {
        app.client().get("/api/users/me").await.expect(401);
    }
    ann.get("/api/audit").await.expect(403);
    assert_eq!(metric(&admin, UNAUTHENTICATED).await, 3);
    assert_eq!(metric(&admin, DENIED).await, 1);
}

async fn waiting_jobs_are_counted_by_queue_and_state(app: &TestApp) {
    const QUEUED: &str = r#"mainstay_queue_jobs{queue="payments",state="queued"} "#;
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let product = app.product(5, 1999).await;
    let body = json!({"items": [{"productId": product.id, "quantity": 2}]});
    let order = ann.post("/api/orders", body).await.expect(201).data();
    let pay = format!("/api/orders/{}/pay", order["id"].as_str().unwrap());
    ann.post(&pay, json!({})).await.expect(202);
    app.engine().jobs().measure_queues().await.unwrap();
    assert_eq!(metric(&admin, QUEUED).await, 1);
    app.run_jobs().await;
    app.engine().jobs().measure_queues().await.unwrap();
    let text = admin.get("/metrics").await.expect(200).text();
    assert!(!text.contains("mainstay_queue_jobs{"), "{text}");
}
