//! Nodes whose clocks disagree.

use crate::{MINUTE, SECOND};
use mainstay_domain::time::Timestamp;
use mainstay_platform::clock::ManualClock;
use mainstay_testkit::{Client, Engine, TestApp, TestUser, on_both_engines};
use serde_json::json;
use std::sync::Arc;

on_both_engines! {
    trap_03_a_demotion_counts_although_the_promotion_came_from_a_clock_that_is_fast;
    trap_03_a_demotion_counts_although_the_clock_was_set_back;
    trap_02_a_token_of_longer_times_ends_where_tokens_live_shorter_now;
    trap_02_the_others_see_what_a_node_with_a_slow_clock_ends;
    trap_02_changes_are_read_again_after_the_database_lost_some;
    a_clock_that_differs_from_the_databases_is_reported;
}

const LIST: &str = "/api/users";

async fn role(client: &Client, admin: &TestUser, of: &TestUser, role: &str) {
    client
        .bearer(&admin.access)
        .put(&format!("/api/users/{}/role", of.id), json!({"role": role}))
        .await
        .expect(200);
}

async fn trap_03_a_demotion_counts_although_the_promotion_came_from_a_clock_that_is_fast(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let clock = Arc::new(ManualClock::new(app.now().after(20 * SECOND)));
    let fast = app.another_node_at(clock.clone()).await;
    let sync_both = async || {
        app.engine().access().sync().await.unwrap();
        fast.engine.access().sync().await.unwrap();
    };
    let there = fast.client().bearer(&ann.access);

    role(&fast.client(), &admin, &ann, "support").await;
    sync_both().await;
    ann.get(LIST).await.expect(200);
    there.get(LIST).await.expect(200);

    app.advance(SECOND);
    role(&app.client(), &admin, &ann, "customer").await;
    ann.get(LIST).await.expect_error(403, "FORBIDDEN");
    sync_both().await;
    ann.get(LIST).await.expect_error(403, "FORBIDDEN");
    there.get(LIST).await.expect_error(403, "FORBIDDEN");

    // The same for permissions granted to the account.
    let path = format!("/api/users/{}/permissions", ann.id);
    let grant = json!({"permission": "read:user"});
    fast.client()
        .bearer(&admin.access)
        .post(&path, grant)
        .await
        .expect(201);
    sync_both().await;
    ann.get(LIST).await.expect(200);
    admin.delete(&format!("{path}/read:user")).await.expect(204);
    sync_both().await;
    ann.get(LIST).await.expect_error(403, "FORBIDDEN");
    there.get(LIST).await.expect_error(403, "FORBIDDEN");
    fast.stop().await;
}

async fn trap_03_a_demotion_counts_although_the_clock_was_set_back(app: &TestApp) {
    let (ann, admin, before) = (app.customer("ann").await, app.admin().await, app.now());
    app.advance(20 * SECOND);
    role(&app.client(), &admin, &ann, "support").await;
    ann.get(LIST).await.expect(200);
    app.clock.set(before);
    role(&app.client(), &admin, &ann, "customer").await;
    ann.get(LIST).await.expect_error(403, "FORBIDDEN");
    app.engine().access().load().await.unwrap();
    ann.get(LIST).await.expect_error(403, "FORBIDDEN");
}

async fn trap_02_a_token_of_longer_times_ends_where_tokens_live_shorter_now(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    let bob = app.customer("bob").await;
    app.advance(5 * MINUTE);
    // It does not read back far enough to learn that the session has ended, so it must not accept the token.
    let shorter = app.another_node_with(&[("ACCESS_TTL", "1m")]).await;
    for (person, code) in [(&ann, "TOKEN_REVOKED"), (&bob, "TOKEN_EXPIRED")] {
        shorter
            .client()
            .bearer(&person.access)
            .get("/api/users/me")
            .await
            .expect_error(401, code);
    }
    let renew = json!({"refreshToken": bob.refresh});
    let again = shorter
        .client()
        .post("/api/auth/refresh", renew)
        .await
        .expect(200);
    let access = again.data()["accessToken"].as_str().unwrap().to_owned();
    shorter
        .client()
        .bearer(&access)
        .get("/api/users/me")
        .await
        .expect(200);
    shorter.stop().await;
}

async fn trap_02_the_others_see_what_a_node_with_a_slow_clock_ends(app: &TestApp) {
    for behind in [75, 500] {
        let clock = Arc::new(ManualClock::new(app.now().before(behind * SECOND)));
        let slow = app.another_node_at(clock).await;
        let name = format!("ann{behind}");
        let (ann, bob, admin) = (
            app.customer(&name).await,
            app.customer(&format!("bob{behind}")).await,
            app.admin().await,
        );
        role(&app.client(), &admin, &bob, "support").await;
        bob.get(LIST).await.expect(200);
        app.engine().access().sync().await.unwrap();
        // Signed in at the slow node: to it, tokens of the others are from the future.
        let there = slow.client();
        let credentials = json!({"email": ann.email, "password": ann.password});
        let held = there.post("/api/auth/login", credentials).await;
        let held = TestUser::of(&held.expect(200), &there, &ann.password);
        let here = app.client().bearer(&held.access);
        here.get("/api/users/me").await.expect(200);
        held.post_nothing("/api/auth/logout").await.expect(204);
        app.engine().access().sync().await.unwrap();
        here.get("/api/users/me").await.expect_error(401, "TOKEN_REVOKED");
        let restarted = app.another_node().await;
        restarted
            .client()
            .bearer(&held.access)
            .get("/api/users/me")
            .await
            .expect_error(401, "TOKEN_REVOKED");
        restarted.stop().await;

        let root = json!({"email": admin.email, "password": admin.password});
        let root = there.post("/api/auth/login", root).await;
        let root = TestUser::of(&root.expect(200), &there, &admin.password);
        role(&there, &root, &bob, "customer").await;
        app.engine().access().sync().await.unwrap();
        bob.get(LIST).await.expect_error(403, "FORBIDDEN");
        slow.stop().await;
    }
}

/// As after a failover to a standby that had not received the last changes, or a restored backup.
async fn trap_02_changes_are_read_again_after_the_database_lost_some(app: &TestApp) {
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    let other = app.another_node().await;
    for name in ["support", "customer", "support"] {
        role(&app.client(), &admin, &bob, name).await;
    }
    other.engine.access().sync().await.unwrap();
    let there = other.client().bearer(&bob.access);
    there.get(LIST).await.expect(200);
    app.execute_raw("UPDATE counters SET value = 0; UPDATE users SET access_change = 0, role = 'customer' WHERE name <> 'Root'")
        .await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    role(&app.client(), &admin, &ann, "support").await;
    other.engine.access().sync().await.unwrap();
    there.get(LIST).await.expect_error(403, "FORBIDDEN");
    other
        .client()
        .bearer(&ann.access)
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.stop().await;
}

async fn a_clock_that_differs_from_the_databases_is_reported(app: &TestApp) {
    let ready = async || app.client().get("/health/ready").await.expect(200).json();
    if app.database_engine() == Engine::Sqlite {
        assert_eq!(app.engine().clock().measure().await.unwrap(), None);
        assert_eq!(ready().await["checks"]["clock"], "ok");
        assert_eq!(ready().await.get("clockSkewMs"), None);
        return;
    }
    let now = "SELECT CAST(CAST(extract(epoch FROM clock_timestamp()) AS BIGINT) AS TEXT)";
    let now = app.query_raw(now).await[0][0]
        .as_deref()
        .unwrap()
        .parse()
        .unwrap();
    app.clock.set(Timestamp::from_seconds(now));
    let skew = app.engine().clock().measure().await.unwrap().unwrap();
    assert!(!skew.is_too_large(), "{skew:?}");
    assert_eq!(ready().await["checks"]["clock"], "ok");
    app.clock.set(Timestamp::from_seconds(now - 75));
    let skew = app.engine().clock().measure().await.unwrap().unwrap();
    assert!(skew.is_too_large() && skew.ms < -70_000, "{skew:?}");
    let report = ready().await;
    assert_eq!(
        (&report["checks"]["clock"], &report["clockSkewMs"]),
        (&json!("skewed"), &json!(skew.ms))
    );
    let metrics = app.engine().node().metrics.encode();
    assert!(
        metrics.contains(&format!("mainstay_clock_skew_ms {}", skew.ms)),
        "{metrics}"
    );
}
