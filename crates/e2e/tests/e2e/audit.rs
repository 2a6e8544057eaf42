//! The audit trail: what it records, which callers can read it, and what it never contains.

use crate::order_cancel_expire::place;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_domain::access::SystemCaller;
use mainstay_engine::RequestContext;
use mainstay_engine::key::RotateKeys;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    changes_record_what_differs;
    trap_12_no_entry_and_no_event_holds_a_secret;
    trap_12_what_did_not_happen_is_not_recorded;
    entries_are_found_by_thing_person_verb_and_time;
    only_auditors_read_it;
}

async fn changes_record_what_differs(app: &TestApp) {
    let (admin, product) = (app.admin().await, app.product(5, 100).await);
    app.advance(SECOND);
    let change = json!({"name": "Renamed", "price": {"amount": 250, "currency": "USD"}});
    admin
        .header("user-agent", "shop/1.0")
        .patch(&product.path, change)
        .await
        .expect(200);
    let trail = admin
        .get(&format!("/api/audit?resourceId={}", product.id))
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 2);
    let (update, create) = (&trail[0], &trail[1]);
    assert_eq!(
        (&update["action"], &create["action"]),
        (&json!("UPDATE"), &json!("CREATE"))
    );
    assert_eq!(
        (&update["actor"], &update["userId"], &update["ip"]),
        (&json!("user"), &json!(admin.id), &json!("127.0.0.1"))
    );
    assert_eq!(update["userAgent"], "shop/1.0");
    assert_eq!(update["after"]["name"], "Renamed");
    assert_eq!(
        update["before"]["price"],
        json!({"amount": 100, "currency": "USD"})
    );
    assert!(
        update["after"].get("sku").is_none() && update["after"].get("description").is_none(),
        "{update}"
    );
    assert_eq!(
        (&create["before"], &create["after"]["stock"]),
        (&Value::Null, &json!(5))
    );
    admin.delete(&product.path).await.expect(204);
    let deleted = admin
        .get(&format!("/api/audit?resourceId={}&action=DELETE", product.id))
        .await
        .list();
    assert_eq!(
        (&deleted[0]["before"]["name"], &deleted[0]["after"]),
        (&json!("Renamed"), &Value::Null)
    );
}

async fn trap_12_no_entry_and_no_event_holds_a_secret(app: &TestApp) {
    // The first administrator by the link, another from the command line, and another key.
    let link = mainstay_services::setup::setup_link(app.engine().pipeline())
        .await
        .unwrap()
        .unwrap();
    let token = link.split_once('#').unwrap().1;
    let claim = json!({"token": token, "email": "first@example.com", "password": "the first of many walks", "name": "First"});
    let first = app
        .client()
        .post("/api/auth/setup", claim.clone())
        .await
        .expect(201)
        .data();
    app.client().post("/api/auth/setup", claim).await.expect(401);
    let root = app.admin().await;
    let rotated = app
        .engine()
        .pipeline()
        .command(
            &RequestContext::system(SystemCaller::OPERATOR),
            RotateKeys::default(),
        )
        .await;
    rotated.unwrap();
    let guess = "a guess that is wrong";
    app.client()
        .bearer(guess)
        .header("user-agent", "curl/8")
        .get("/api/orders")
        .await
        .expect(401);
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    let next = ann.refreshed().await;
    let third = next.refreshed().await;
    app.client()
        .post("/api/auth/refresh", json!({"refreshToken": ann.refresh}))
        .await
        .expect_error(401, "TOKEN_REUSED");
    let other = app.sign_in(&ann.email, &ann.password).await;
    let path = place(&other.with("idempotency-key", "k-1"), &product, 1).await;
    other.post_nothing(&format!("{path}/pay")).await.expect(202);
    app.run_jobs().await;
    app.client()
        .post("/api/auth/login", json!({"email": ann.email, "password": guess}))
        .await
        .expect(401);
    other.post_nothing("/api/auth/logout-all").await.expect(204);
    app.engine().security().flush().await.unwrap();
    let mut kept = String::new();
    for column in [
        "coalesce(before_json, '') FROM audit_entries",
        "coalesce(after_json, '') FROM audit_entries",
        "coalesce(user_agent, '') FROM audit_entries",
        "payload FROM outbox",
        "payload FROM jobs",
        "coalesce(last_error, '') FROM jobs",
        "answer FROM idempotency_keys",
        "operation FROM security_events",
        "coalesce(resource, '') FROM security_events",
        "coalesce(resource_id, '') FROM security_events",
        "coalesce(ip, '') FROM security_events",
        "coalesce(user_agent, '') FROM security_events",
    ] {
        let column = column.replacen(" FROM", " AS TEXT) FROM", 1);
        for row in app.query_raw(&format!("SELECT CAST({column}")).await {
            kept.push_str(row[0].as_deref().unwrap_or_default());
            kept.push('\n');
        }
    }
    for seen in ["ann@example.com", "first@example.com", "curl/8", "account.login"] {
        assert!(kept.contains(seen), "something was looked at: {seen}");
    }
    let secrets = [&ann, &next, &third, &other, &root]
        .into_iter()
        .flat_map(|person| [&person.password, &person.access, &person.refresh].map(String::as_str))
        .chain(["accessToken", "refreshToken"].map(|name| first[name].as_str().unwrap()))
        .chain([token, guess, "the first of many walks"]);
    for secret in secrets {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
    // `password` is also the name of a way to sign in; as the name of a field it would be a secret.
    for mark in ["$argon2", "mrt_", "eyJ", "password\":", "seed", "mst_"] {
        assert!(!kept.contains(mark), "{mark} in {kept}");
    }
}

async fn trap_12_what_did_not_happen_is_not_recorded(app: &TestApp) {
    let (ann, product, admin) = (
        app.customer("ann").await,
        app.product(1, 100).await,
        app.admin().await,
    );
    let path = place(&ann, &product, 1).await;
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    let count = async || {
        app.query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
            .await
    };
    let before = count().await;
    ann.post_nothing(&format!("{path}/cancel")).await.expect(409);
    ann.post(
        "/api/orders",
        json!({"items": [{"productId": product.id, "quantity": 9}]}),
    )
    .await
    .expect(409);
    ann.patch(&product.path, json!({"name": "x"})).await.expect(403);
    admin
        .header("if-match", "\"v99\"")
        .patch(&product.path, json!({"name": "x"}))
        .await
        .expect(412);
    admin
        .patch(&format!("/api/users/{}", admin.id), json!({"status": "disabled"}))
        .await
        .expect(409);
    assert_eq!(count().await, before);
}

async fn entries_are_found_by_thing_person_verb_and_time(app: &TestApp) {
    let (ann, product) = (app.customer("ann").await, app.product(5, 100).await);
    app.advance(MINUTE);
    let noon = app.now();
    let path = place(&ann, &product, 1).await;
    app.advance(MINUTE);
    ann.post_nothing(&format!("{path}/cancel")).await.expect(200);
    let admin = app.admin().await;
    let found = async |query: &str| {
        let list = admin.get(&format!("/api/audit?{query}")).await.expect(200).list();
        list.iter()
            .map(|entry| {
                format!(
                    "{} {}",
                    entry["action"].as_str().unwrap(),
                    entry["resource"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(found("resource=order").await, ["CANCEL order", "CREATE order"]);
    let mine = format!("userId={}&resource=order", ann.id);
    assert_eq!(found(&mine).await, ["CANCEL order", "CREATE order"]);
    assert_eq!(found("action=CANCEL").await, ["CANCEL order"]);
    let from = format!("{noon}");
    let to = format!("{}", noon.after(MINUTE));
    assert_eq!(
        found(&format!("resource=order&from={from}&to={to}")).await,
        ["CREATE order"],
        "from counts, to does not"
    );
    assert!(
        found(&format!("to={from}"))
            .await
            .iter()
            .all(|entry| !entry.ends_with(" order"))
    );
    let jobs = noon.after(HOUR);
    assert_eq!(found(&format!("from={jobs}")).await, [""; 0]);
    let whole = admin.get("/api/audit").await.expect(200);
    assert_eq!(whole.pagination()["limit"], 50);
    let mut instants: Vec<String> = whole
        .list()
        .iter()
        .map(|entry| entry["at"].as_str().unwrap().to_owned())
        .collect();
    let listed = instants.clone();
    instants.sort_by(|a, b| b.cmp(a));
    assert_eq!(listed, instants, "newest first");
    let ids: Vec<String> = whole.list().iter().map(|entry| entry["id"].to_string()).collect();
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin
            .get(&format!("/api/audit?limit=3&cursor={cursor}"))
            .await
            .expect(200);
        walked.extend(page.list().iter().map(|entry| entry["id"].to_string()));
        match page.pagination()["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(walked, ids);
}

async fn only_auditors_read_it(app: &TestApp) {
    app.client()
        .get("/api/audit")
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.customer("ann")
        .await
        .get("/api/audit")
        .await
        .expect_error(403, "FORBIDDEN");
    app.member("mia", "manager")
        .await
        .get("/api/audit")
        .await
        .expect_error(403, "FORBIDDEN");
    app.member("sam", "support")
        .await
        .get("/api/audit")
        .await
        .expect(200);
    for (method, path) in [
        ("DELETE", "/api/audit"),
        ("POST", "/api/audit"),
        ("PATCH", "/api/audit"),
    ] {
        app.admin()
            .await
            .request(method, path, None)
            .await
            .expect_error(405, "METHOD_NOT_ALLOWED");
    }
}
