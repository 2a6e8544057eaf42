//! Security events: denied and suspicious attempts are counted and listed.

use crate::HOUR;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    denied_attempts_are_counted_and_listed;
    a_flood_of_one_attempt_is_one_row;
    trap_14_changing_user_agents_add_no_rows;
    trap_14_a_network_is_one_row_and_many_networks_are_bounded with TRUSTED_PROXIES = "127.0.0.0/8";
    expired_events_and_links_are_removed;
    rate_limited_calls_are_listed with RATE_LIMITS = "on";
    only_auditors_list_security_events;
}

async fn events(app: &TestApp) -> Vec<Value> {
    app.engine().security().flush().await.unwrap();
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

async fn denied_attempts_are_counted_and_listed(app: &TestApp) {
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
    let path = crate::order_cancel_expire::place(&ann, &product, 1).await;
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

async fn a_flood_of_one_attempt_is_one_row(app: &TestApp) {
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

async fn rows(app: &TestApp) -> Vec<Value> {
    let mut found = events(app).await;
    found.retain(|event| event["type"] == "unauthorized_access");
    found
}

async fn trap_14_changing_user_agents_add_no_rows(app: &TestApp) {
    for number in 0..30 {
        let client = app.client().header("user-agent", &format!("robot/{number}"));
        client.get("/api/orders").await.expect(401);
        if number == 15 {
            app.engine().security().flush().await.unwrap();
        }
    }
    let found = rows(app).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["count"], &found[0]["userAgent"]),
        (&json!(30), &json!("robot/29"))
    );
}

async fn trap_14_a_network_is_one_row_and_many_networks_are_bounded(app: &TestApp) {
    let call_from = async |ip: String| {
        let client = app.client().header("x-forwarded-for", &ip);
        client.get("/api/orders").await.expect(401);
    };
    for number in 0..10 {
        call_from(format!("2001:db8:0:1::{number:x}")).await;
    }
    let found = rows(app).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["count"], &found[0]["ip"]),
        (&json!(10), &json!("2001:db8:0:1::/64"))
    );
    for number in 0..150 {
        call_from(format!("198.51.{}.{number}", number % 7)).await;
    }
    events(app).await;
    let count = "SELECT CAST(count(*) AS TEXT) FROM security_events WHERE kind = 'unauthorized_access'";
    assert_eq!(app.query_raw(count).await, [[Some("101".to_owned())]]);
    let others = "SELECT CAST(count AS TEXT) FROM security_events WHERE operation = 'others'";
    assert_eq!(
        app.query_raw(others).await,
        [[Some("51".to_owned())]],
        "none is lost"
    );
    let metrics = app.admin().await.get("/metrics").await.expect(200).text();
    assert!(
        metrics.contains("mainstay_security_events_total{type=\"unauthorized_access\"} 160"),
        "{metrics}"
    );
}

async fn expired_events_and_links_are_removed(app: &TestApp) {
    mainstay_services::setup::setup_link(app.engine().pipeline())
        .await
        .unwrap()
        .unwrap();
    app.client().get("/api/orders").await.expect(401);
    app.engine().security().flush().await.unwrap();
    let left = async || {
        app.engine().sweeper().prune().await.unwrap();
        let count = "SELECT CAST((SELECT count(*) FROM one_time_tokens) AS TEXT), \
                     CAST((SELECT count(*) FROM security_events) AS TEXT)";
        let row = app.query_raw(count).await.remove(0);
        row.into_iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    app.advance(48 * HOUR);
    assert_eq!(left().await, ["1", "1"]);
    app.advance(HOUR);
    assert_eq!(left().await, ["0", "1"]);
    app.advance(88 * 24 * HOUR);
    assert_eq!(left().await, ["0", "0"]);
}

async fn rate_limited_calls_are_listed(app: &TestApp) {
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

async fn only_auditors_list_security_events(app: &TestApp) {
    app.client()
        .get("/api/security-events")
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.customer("ann")
        .await
        .get("/api/security-events")
        .await
        .expect_error(403, "FORBIDDEN");
    app.member("mia", "manager")
        .await
        .get("/api/security-events")
        .await
        .expect_error(403, "FORBIDDEN");
    app.member("sam", "support")
        .await
        .get("/api/security-events")
        .await
        .expect(200);
}
