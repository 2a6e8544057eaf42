//! Machines whose clocks do not agree.

use crate::{MINUTE, SECOND};
use mainstay_platform::clock::ManualClock;
use mainstay_testkit::{Client, Person, TestApp, on_both_engines};
use serde_json::json;
use std::sync::Arc;

on_both_engines! {
    trap_03_a_demotion_counts_although_the_promotion_came_from_a_clock_that_is_fast;
    trap_03_a_demotion_counts_although_the_clock_was_set_back;
    trap_02_a_token_of_longer_times_ends_where_tokens_live_shorter_now;
}

const LIST: &str = "/api/users";

async fn role(client: &Client, admin: &Person, of: &Person, role: &str) {
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
    let hear = async || {
        app.services().hear_access(app.now()).await.unwrap();
        fast.services.hear_access(fast.services.now()).await.unwrap();
    };
    let there = fast.client().bearer(&ann.access);

    role(&fast.client(), &admin, &ann, "support").await;
    hear().await;
    ann.get(LIST).await.expect(200);
    there.get(LIST).await.expect(200);

    app.pass(SECOND);
    role(&app.client(), &admin, &ann, "customer").await;
    ann.get(LIST).await.refused(403, "FORBIDDEN");
    hear().await;
    ann.get(LIST).await.refused(403, "FORBIDDEN");
    there.get(LIST).await.refused(403, "FORBIDDEN");

    // The same for permissions of one's own.
    let path = format!("/api/users/{}/permissions", ann.id);
    let grant = json!({"permission": "read:user"});
    fast.client()
        .bearer(&admin.access)
        .post(&path, grant)
        .await
        .expect(201);
    hear().await;
    ann.get(LIST).await.expect(200);
    admin.delete(&format!("{path}/read:user")).await.expect(204);
    hear().await;
    ann.get(LIST).await.refused(403, "FORBIDDEN");
    there.get(LIST).await.refused(403, "FORBIDDEN");
    fast.stop().await;
}

async fn trap_03_a_demotion_counts_although_the_clock_was_set_back(app: &TestApp) {
    let (ann, admin, before) = (app.customer("ann").await, app.admin().await, app.now());
    app.pass(20 * SECOND);
    role(&app.client(), &admin, &ann, "support").await;
    ann.get(LIST).await.expect(200);
    app.clock.set(before);
    role(&app.client(), &admin, &ann, "customer").await;
    ann.get(LIST).await.refused(403, "FORBIDDEN");
    app.services().load_access().await.unwrap();
    ann.get(LIST).await.refused(403, "FORBIDDEN");
}

async fn trap_02_a_token_of_longer_times_ends_where_tokens_live_shorter_now(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    let bob = app.customer("bob").await;
    app.pass(5 * MINUTE);
    // It does not look back far enough to hear that the session has ended, so the token must count for nothing.
    let shorter = app.another_node_with(&[("ACCESS_TTL", "1m")]).await;
    for person in [&ann, &bob] {
        shorter
            .client()
            .bearer(&person.access)
            .get("/api/users/me")
            .await
            .refused(401, "TOKEN_EXPIRED");
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
