//! Denied and suspicious attempts are seen.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    denied_attempts_are_counted_and_shown;
    a_flood_is_one_row;
    limits_that_were_hit_are_shown with RATE_LIMITS = "on";
    only_auditors_see_them;
}

async fn events(app: &TestApp) -> Vec<Value> {
    app.services().flush_security().await.unwrap();
    app.admin()
        .await
        .get("/api/security-events?limit=100")
        .await
        .expect(200)
        .list()
}

fn find<'e>(events: &'e [Value], kind: &str, operation: &str) -> &'e Value {
    let fits = |event: &&Value| event["type"] == kind && event["operation"] == operation;
    events
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("no {kind} at {operation} in {events:?}"))
}

async fn denied_attempts_are_counted_and_shown(app: &TestApp) {
    let (ann, bob, product) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.product(5, 100).await,
    );
    let curl = app.client().header("user-agent", "curl/8");
    curl.post(
        "/api/auth/login",
        json!({"email": ann.email, "password": "a guess"}),
    )
    .await
    .expect(401);
    curl.bearer("rubbish").get("/api/users/me").await.expect(401);
    curl.get("/api/orders").await.expect(401);
    ann.get("/api/audit").await.expect(403);
    let admin = app.admin().await;
    admin
        .post(
            &format!("/api/users/{}/permissions", bob.id),
            json!({"permission": "read:order"}),
        )
        .await
        .expect(201);
    let path = crate::order_end::place(&ann, &product, 1).await;
    bob.post_nothing(&format!("{path}/cancel")).await.expect(403);
    let found = events(app).await;
    let failed = find(&found, "login_failed", "account.login");
    assert_eq!(
        (&failed["ip"], &failed["userAgent"], &failed["count"]),
        (&json!("127.0.0.1"), &json!("curl/8"), &json!(1))
    );
    find(&found, "unauthorized_access", "account.me");
    find(&found, "unauthorized_access", "order.list");
    assert_eq!(
        find(&found, "insufficient_permissions", "audit.list")["userId"],
        json!(ann.id)
    );
    let foreign = find(&found, "resource_access_denied", "order.cancel");
    assert_eq!(
        (&foreign["userId"], &foreign["resource"]),
        (&json!(bob.id), &json!("order"))
    );
    let all = json!(found).to_string();
    assert!(!all.contains("a guess") && !all.contains("rubbish"), "{all}");
}

async fn a_flood_is_one_row(app: &TestApp) {
    let ann = app.customer("ann").await;
    for _ in 0..30 {
        ann.get("/api/audit").await.expect(403);
    }
    assert_eq!(
        find(&events(app).await, "insufficient_permissions", "audit.list")["count"],
        30
    );
    ann.get("/api/audit").await.expect(403);
    let found = events(app).await;
    let rows = found
        .iter()
        .filter(|event| event["operation"] == "audit.list")
        .count();
    assert_eq!(
        (
            rows,
            &find(&found, "insufficient_permissions", "audit.list")["count"]
        ),
        (1, &json!(31))
    );
}

async fn limits_that_were_hit_are_shown(app: &TestApp) {
    for number in 0..25 {
        let body =
            json!({"email": format!("a{number}@example.com"), "password": "walks in the rain", "name": "A"});
        app.client().post("/api/auth/register", body).await;
    }
    assert_eq!(
        find(&events(app).await, "rate_limited", "account.register")["count"],
        5
    );
}

async fn only_auditors_see_them(app: &TestApp) {
    app.client()
        .get("/api/security-events")
        .await
        .refused(401, "UNAUTHORIZED");
    app.customer("ann")
        .await
        .get("/api/security-events")
        .await
        .refused(403, "FORBIDDEN");
    app.member("mia", "manager")
        .await
        .get("/api/security-events")
        .await
        .refused(403, "FORBIDDEN");
    app.member("sam", "support")
        .await
        .get("/api/security-events")
        .await
        .expect(200);
}
