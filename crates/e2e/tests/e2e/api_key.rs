//! API keys: what they permit, from where, until when, and what verifying them costs.

use crate::{HOUR, MINUTE, SECOND};
use mainstay_testkit::{Client, Node, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines! {
    a_key_acts_for_its_owner_within_its_scopes;
    creating_a_key_needs_a_step_up;
    the_secret_is_shown_once_and_stored_nowhere;
    a_key_never_gets_more_than_its_creator_held;
    trap_03_a_key_loses_what_its_owner_loses_at_once;
    trap_03_a_disabled_owner_ends_the_use_of_the_key;
    a_revoked_key_stops_working_at_once_on_every_node;
    a_revoked_key_stays_revoked_after_nodes_forget_the_change;
    a_key_expires_to_the_second;
    a_key_is_accepted_from_its_networks_only with TRUSTED_PROXIES = "127.0.0.0/8";
    a_key_may_not_touch_the_security_of_its_owner;
    a_key_grants_nothing_beyond_its_scopes;
    verifying_a_known_key_runs_no_statement;
    made_up_keys_are_bounded with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    the_last_use_is_recorded_once_a_minute;
    keys_made_in_one_millisecond_are_all_listed;
    invalid_requests_are_refused_with_paths;
    a_strangers_key_does_not_exist;
    concurrent_revocations_succeed_once;
    expired_keys_are_removed_after_their_retention;
}

const KEYS: &str = "/api/auth/api-keys";
const ME: &str = "/api/users/me";

/// Creates a key, after a step-up; returns its id and its secret.
async fn create(owner: &TestUser, body: Value) -> (String, String) {
    owner.step_up().await;
    let data = owner.post(KEYS, body).await.expect(201).data();
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

pub(crate) async fn key_with(owner: &TestUser, scopes: &[&str]) -> String {
    create(owner, json!({"name": "test", "scopes": scopes})).await.1
}

/// The number of statements that a node has run.
pub(crate) fn statements(node: &Node) -> u64 {
    let metrics = &node.engine.node().metrics;
    let text = metrics.encode();
    let line = text
        .lines()
        .find(|line| line.starts_with("mainstay_database_statements_total"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap()
}

async fn a_key_acts_for_its_owner_within_its_scopes(app: &TestApp) {
    let (manager, product) = (app.member("mia", "manager").await, app.product(5, 100).await);
    let key = app.client().bearer(&key_with(&manager, &["read:order"]).await);
    let me = key.get(ME).await.expect(200).data();
    assert_eq!(me["id"], json!(manager.id));
    key.get("/api/orders").await.expect(200);
    let change = json!({"price": {"amount": 1, "currency": "USD"}});
    let path = format!("/api/products/{}", product.id);
    key.patch(&path, change.clone())
        .await
        .expect_error(403, "FORBIDDEN");
    let wide = app
        .client()
        .bearer(&key_with(&manager, &["update:product"]).await);
    wide.patch(&path, change).await.expect(200);
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=product&action=UPDATE")
        .await
        .list();
    assert_eq!(
        (&trail[0]["actor"], &trail[0]["userId"]),
        (&json!("apiKey"), &json!(manager.id))
    );
    let header = app
        .client()
        .header("x-access-token", &key_with(&manager, &[]).await);
    header.get(ME).await.expect(200);
}

async fn creating_a_key_needs_a_step_up(app: &TestApp) {
    let ann = app.customer("ann").await;
    let body = json!({"name": "x", "scopes": []});
    ann.post(KEYS, body.clone())
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    create(&ann, body.clone()).await;
    app.advance(10 * MINUTE);
    ann.post(KEYS, body).await.expect_error(403, "STEP_UP_REQUIRED");
}

async fn the_secret_is_shown_once_and_stored_nowhere(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (id, secret) = create(&ann, json!({"name": " Nightly\u{a0}", "scopes": []})).await;
    let read = ann.get(&format!("{KEYS}/{id}")).await.expect(200).data();
    assert_eq!(
        (&read["name"], &read["status"], &read["lastUsedAt"]),
        (&json!("Nightly"), &json!("active"), &Value::Null)
    );
    let list = ann.get(KEYS).await.expect(200).list();
    let audit = app.admin().await.get("/api/audit?resource=api-key").await.list();
    assert_eq!(audit.len(), 1);
    let seen = json!([read, list, audit]).to_string();
    assert!(!seen.contains(&secret[4..]), "{seen}");
    for table in ["api_keys", "audit_entries", "outbox", "idempotency_keys"] {
        let rows = app
            .query_raw(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"))
            .await;
        assert!(rows[0][0].is_some());
    }
    let texts = "SELECT name || scopes || networks FROM api_keys UNION ALL SELECT payload FROM outbox";
    let stored = format!("{:?}", app.query_raw(texts).await);
    assert!(
        stored.contains("Nightly") && !stored.contains(&secret[4..]),
        "{stored}"
    );
}

async fn a_key_never_gets_more_than_its_creator_held(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    let body = json!({"name": "x", "scopes": ["read:audit"]});
    ann.post(KEYS, body).await.expect_error(403, "FORBIDDEN");
    let admin = app.admin().await;
    let key = app.client().bearer(&key_with(&admin, &["read:user"]).await);
    key.get("/api/users").await.expect(200);
    key.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let role = format!("/api/users/{}/role", ann.id);
    key.put(&role, json!({"role": "admin"}))
        .await
        .expect_error(403, "FORBIDDEN");
}

async fn trap_03_a_key_loses_what_its_owner_loses_at_once(app: &TestApp) {
    let manager = app.member("mia", "manager").await;
    let admin = app.admin().await;
    let key = app.client().bearer(&key_with(&manager, &["read:user"]).await);
    key.get("/api/users").await.expect(200);
    let role = format!("/api/users/{}/role", manager.id);
    admin.put(&role, json!({"role": "customer"})).await.expect(200);
    key.get("/api/users").await.expect_error(403, "FORBIDDEN");
    let grants = format!("/api/users/{}/permissions", manager.id);
    let for_a_minute = json!({"permission": "read:user", "expiresIn": 60});
    admin.post(&grants, for_a_minute).await.expect(201);
    key.get("/api/users").await.expect(200);
    app.advance(MINUTE);
    key.get("/api/users").await.expect_error(403, "FORBIDDEN");
    key.get(ME).await.expect(200);
}

async fn trap_03_a_disabled_owner_ends_the_use_of_the_key(app: &TestApp) {
    let (ann, admin, other) = (
        app.customer("ann").await,
        app.admin().await,
        app.another_node().await,
    );
    let secret = key_with(&ann, &[]).await;
    let (here, there) = (app.client().bearer(&secret), other.client().bearer(&secret));
    here.get(ME).await.expect(200);
    there.get(ME).await.expect(200);
    let path = format!("/api/users/{}", ann.id);
    admin
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    other.engine.access().sync().await.unwrap();
    for client in [&here, &there] {
        client.get(ME).await.expect_error(403, "ACCOUNT_DISABLED");
    }
    // Also where the key was never used before.
    let fresh = app.another_node().await;
    fresh
        .client()
        .bearer(&secret)
        .get(ME)
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    other.stop().await;
    fresh.stop().await;
}

async fn a_revoked_key_stops_working_at_once_on_every_node(app: &TestApp) {
    let (ann, other) = (app.customer("ann").await, app.another_node().await);
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": []})).await;
    let (here, there) = (app.client().bearer(&secret), other.client().bearer(&secret));
    here.get(ME).await.expect(200);
    there.get(ME).await.expect(200);
    app.advance(SECOND);
    let path = format!("{KEYS}/{id}");
    ann.delete(&path).await.expect(204);
    here.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    other.engine.access().sync().await.unwrap();
    there.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    ann.delete(&path).await.expect(404);
    assert!(ann.get(KEYS).await.expect(200).list().is_empty());
    let revoked = ann
        .get(&format!("{KEYS}?status=revoked"))
        .await
        .expect(200)
        .list();
    assert_eq!(revoked[0]["id"], json!(id));
    let audit = app.admin().await.get("/api/audit?action=REVOKE").await.list();
    assert_eq!(audit[0]["resourceId"], json!(id));
    other.stop().await;
}

async fn a_revoked_key_stays_revoked_after_nodes_forget_the_change(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": []})).await;
    let key = app.client().bearer(&secret);
    key.get(ME).await.expect(200);
    ann.delete(&format!("{KEYS}/{id}")).await.expect(204);
    for _ in 0..40 {
        app.advance(MINUTE);
        app.engine().access().sync().await.unwrap();
        key.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    }
    // A key that rested while its revocation was forgotten.
    let bob = app.customer("bob").await;
    let (id, secret) = create(&bob, json!({"name": "x", "scopes": []})).await;
    let key = app.client().bearer(&secret);
    key.get(ME).await.expect(200);
    bob.delete(&format!("{KEYS}/{id}")).await.expect(204);
    app.advance(HOUR);
    app.engine().access().sync().await.unwrap();
    key.get(ME).await.expect_error(401, "TOKEN_REVOKED");
}

async fn a_key_expires_to_the_second(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (_, secret) = create(&ann, json!({"name": "x", "scopes": [], "expiresIn": 60})).await;
    let key = app.client().bearer(&secret);
    key.get(ME).await.expect(200);
    app.advance(59 * SECOND);
    key.get(ME).await.expect(200);
    app.advance(SECOND);
    key.get(ME).await.expect_error(401, "TOKEN_EXPIRED");
    let past = json!({"name": "x", "scopes": [], "expiresAt": "2020-01-01T00:00:00Z"});
    let refused = ann.post(KEYS, past).await.expect_error(400, "VALIDATION_FAILED");
    assert_eq!(refused.validation_errors(), ["expiresAt RANGE"]);
}

async fn a_key_is_accepted_from_its_networks_only(app: &TestApp) {
    let ann = app.customer("ann").await;
    let networks = json!(["192.0.2.7/24", "::ffff:198.51.100.1", "2001:db8::/32"]);
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": [], "networks": networks})).await;
    let stored = ann.get(&format!("{KEYS}/{id}")).await.expect(200).data();
    assert_eq!(
        stored["networks"],
        json!(["192.0.2.0/24", "198.51.100.1/32", "2001:db8::/32"])
    );
    let from = |address: &str| app.client().bearer(&secret).header("x-forwarded-for", address);
    for inside in ["192.0.2.200", "198.51.100.1", "2001:db8:1::1"] {
        from(inside).get(ME).await.expect(200);
    }
    for outside in ["192.0.3.1", "198.51.100.2", "2001:db9::1"] {
        from(outside).get(ME).await.expect_error(403, "FORBIDDEN");
        // A public operation is not for a stolen key either.
        from(outside)
            .get("/api/products")
            .await
            .expect_error(403, "FORBIDDEN");
    }
    app.engine().security().flush().await.unwrap();
    let events = app
        .admin()
        .await
        .get("/api/security-events?limit=100")
        .await
        .list();
    let refused = events
        .iter()
        .find(|event| event["type"] == "api_key_foreign_network");
    assert_eq!(refused.unwrap()["userId"], json!(ann.id));
}

/// Every operation of the account's own security, those of later additions included: an API key with every permission
/// is refused by all of them.
async fn a_key_may_not_touch_the_security_of_its_owner(app: &TestApp) {
    let admin = app.admin().await;
    let all = admin.get(ME).await.expect(200).data()["permissions"].clone();
    let (_, secret) = create(&admin, json!({"name": "all", "scopes": all})).await;
    let key = app.client().bearer(&secret);
    let own = |path: &str| path.starts_with("/api/auth/") || path.starts_with(ME);
    let mut tried = 0;
    for row in app.node().routes() {
        let is_harmless = row.path == ME && row.method == "GET";
        if !own(&row.path) || row.public || is_harmless {
            continue;
        }
        tried += 1;
        let path = row.path.replace("{id}", "01890000-0000-7000-8000-000000000001");
        let body = (row.method != "GET").then(|| ("application/json", b"{}".to_vec()));
        let answer = key.request(row.method, &path, body).await;
        assert_eq!(answer.status, 403, "{} {}: {answer:?}", row.method, row.path);
    }
    assert!(tried >= 6, "{tried}");
}

async fn a_key_grants_nothing_beyond_its_scopes(app: &TestApp) {
    let (admin, bob) = (app.admin().await, app.customer("bob").await);
    let key = app
        .client()
        .bearer(&key_with(&admin, &["grant:permission", "read:order"]).await);
    let path = format!("/api/users/{}/permissions", bob.id);
    let grant = |permission: &str| json!({"permission": permission});
    key.post(&path, grant("read:audit"))
        .await
        .expect_error(403, "FORBIDDEN");
    key.post(&path, grant("read:order")).await.expect(201);
}

async fn verifying_a_known_key_runs_no_statement(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (known, unknown) = (key_with(&ann, &[]).await, key_with(&ann, &[]).await);
    let key = app.client().bearer(&known);
    key.get(ME).await.expect(200);
    let authenticate = async |client: &Client| {
        let before = statements(app.node());
        // Refused after authentication, before anything is read.
        client.get("/api/audit").await.expect(403);
        statements(app.node()) - before
    };
    for _ in 0..3 {
        assert_eq!(authenticate(&key).await, 0);
    }
    // A change of another account makes every cached caller outdated, and still nothing is read.
    let admin = app.admin().await;
    let bob = app.customer("bob").await;
    for role in ["support", "manager", "customer"] {
        let path = format!("/api/users/{}/role", bob.id);
        admin.put(&path, json!({"role": role})).await.expect(200);
        app.advance(5 * MINUTE);
        app.engine().access().sync().await.unwrap();
        assert_eq!(authenticate(&key).await, 0, "{role}");
    }
    // The counter counts: a key that this node does not know yet is read.
    assert!(authenticate(&app.client().bearer(&unknown)).await > 0);
}

async fn made_up_keys_are_bounded(app: &TestApp) {
    let ann = app.customer("ann").await;
    let secret = key_with(&ann, &[]).await;
    let typo = secret.replace("msk_", "msk_x");
    let before = statements(app.node());
    for wrong in [&typo[..], &secret[..52], "msk_", "msk_é"] {
        app.client()
            .bearer(wrong)
            .get(ME)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    assert_eq!(statements(app.node()), before, "the checksum refuses typos");
    let random = mainstay_domain::random::Counting::default();
    let made_up = || mainstay_platform::crypto::api_key::ApiKeySecret::mint(&random);
    let one = made_up();
    let attacker = app.client().header("x-forwarded-for", "192.0.2.1");
    for _ in 0..3 {
        attacker
            .bearer(one.text())
            .get(ME)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    assert_eq!(
        statements(app.node()),
        before + 1,
        "a key that does not exist is read once"
    );
    let mut codes = BTreeSet::new();
    for _ in 0..600 {
        let answer = attacker.bearer(made_up().text()).get(ME).await;
        codes.insert((answer.status, answer.code()));
    }
    assert!(codes.contains(&(429, "RATE_LIMITED".to_owned())), "{codes:?}");
    assert_eq!(codes.len(), 2, "{codes:?}");
    app.client().bearer(&secret).get(ME).await.expect(200);
}

async fn the_last_use_is_recorded_once_a_minute(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": []})).await;
    let (key, path) = (app.client().bearer(&secret), format!("{KEYS}/{id}"));
    let last_use = async || {
        app.engine().authenticator().flush_uses().await.unwrap();
        ann.get(&path).await.expect(200).data()["lastUsedAt"].clone()
    };
    assert_eq!(last_use().await, Value::Null);
    key.get(ME).await.expect(200);
    let first = last_use().await;
    assert_eq!(first, json!(app.now().to_string()));
    app.advance(59 * SECOND);
    key.get(ME).await.expect(200);
    assert_eq!(last_use().await, first);
    app.advance(SECOND);
    key.get(ME).await.expect(200);
    assert_eq!(last_use().await, json!(app.now().to_string()));
}

async fn keys_made_in_one_millisecond_are_all_listed(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut made = BTreeSet::new();
    // The clock of the tests stands still.
    for number in 0..7 {
        let body = json!({"name": format!("key {number}"), "scopes": []});
        made.insert(create(&ann, body).await.0);
    }
    let (mut listed, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = ann
            .get(&format!("{KEYS}?limit=2&cursor={cursor}"))
            .await
            .expect(200);
        listed.extend(
            page.list()
                .iter()
                .map(|key| key["id"].as_str().unwrap().to_owned()),
        );
        match page.json()["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(listed, made);
}

async fn invalid_requests_are_refused_with_paths(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    for (body, path) in [
        (json!({"name": "", "scopes": []}), "name"),
        (json!({"name": "a\nb", "scopes": []}), "name"),
        (json!({"name": "x".repeat(101), "scopes": []}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": ["fly:moon"]}), "scopes[0]"),
        (
            json!({"name": "x", "scopes": [], "networks": ["10.0.0.0/8", "home"]}),
            "networks[1]",
        ),
        (
            json!({"name": "x", "scopes": [], "networks": vec!["10.0.0.1"; 51]}),
            "networks",
        ),
        (json!({"name": "x", "scopes": [], "expiresIn": 0}), "expiresIn"),
        (json!({"name": "x", "scopes": [], "userId": ann.id}), "userId"),
    ] {
        let refused = ann.post(KEYS, body).await.expect_error(400, "VALIDATION_FAILED");
        assert!(
            refused.validation_errors()[0].starts_with(&format!("{path} ")),
            "{refused:?}"
        );
    }
    app.client().get(KEYS).await.expect_error(401, "UNAUTHORIZED");
}

async fn a_strangers_key_does_not_exist(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": []})).await;
    let path = format!("{KEYS}/{id}");
    for stranger in [&bob, &app.admin().await] {
        stranger.get(&path).await.expect(404);
        stranger.delete(&path).await.expect(404);
        assert!(stranger.get(KEYS).await.expect(200).list().is_empty());
    }
    app.client().bearer(&secret).get(ME).await.expect(200);
}

async fn concurrent_revocations_succeed_once(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (id, _) = create(&ann, json!({"name": "x", "scopes": []})).await;
    let path = format!("{KEYS}/{id}");
    let tries = (0..8).map(|_| ann.delete(&path));
    let answers = futures_util::future::join_all(tries).await;
    let gone = answers.iter().filter(|answer| answer.status == 204).count();
    let absent = answers.iter().filter(|answer| answer.status == 404).count();
    assert_eq!((gone, absent), (1, 7));
}

async fn expired_keys_are_removed_after_their_retention(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (id, secret) = create(&ann, json!({"name": "x", "scopes": [], "expiresIn": 60})).await;
    app.advance(90 * 24 * HOUR);
    app.engine().sweeper().prune().await.unwrap();
    app.client()
        .bearer(&secret)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_EXPIRED");
    app.advance(2 * MINUTE);
    app.engine().sweeper().prune().await.unwrap();
    let ann = app.sign_in(&ann.email, &ann.password).await;
    ann.get(&format!("{KEYS}/{id}")).await.expect(404);
    app.another_node()
        .await
        .client()
        .bearer(&secret)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_INVALID");
}
