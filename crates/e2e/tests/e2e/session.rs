//! Signing out, and how every process learns that a session has ended.

use crate::{MINUTE, SECOND};
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    signing_out_ends_both_tokens_at_once;
    signing_out_everywhere_ends_every_session_of_the_account;
    trap_02_an_ended_session_stays_revoked_while_its_tokens_are_valid;
    trap_02_a_restart_forgets_no_ended_session;
    trap_02_other_processes_apply_access_changes;
}

const ME: &str = "/api/users/me";

async fn signing_out_ends_both_tokens_at_once(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.sign_in(&ann.email, &ann.password).await;
    ann.get(ME).await.expect(200);
    ann.post_nothing("/api/auth/logout").await.expect(204);
    ann.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    ann.post_nothing("/api/auth/logout")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    let renew = json!({"refreshToken": ann.refresh});
    app.client()
        .post("/api/auth/refresh", renew)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.get(ME).await.expect(200);
    app.client()
        .post_nothing("/api/auth/logout")
        .await
        .expect_error(401, "UNAUTHORIZED");
}

async fn signing_out_everywhere_ends_every_session_of_the_account(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let other = app.sign_in(&ann.email, &ann.password).await;
    let renewed = other.refreshed().await;
    ann.post_nothing("/api/auth/logout-all").await.expect(204);
    for person in [&ann, &other, &renewed] {
        person.get(ME).await.expect_error(401, "TOKEN_REVOKED");
        let renew = json!({"refreshToken": person.refresh});
        app.client()
            .post("/api/auth/refresh", renew)
            .await
            .expect_error(401, "TOKEN_REVOKED");
    }
    bob.get(ME).await.expect(200);
    app.sign_in(&ann.email, &ann.password)
        .await
        .get(ME)
        .await
        .expect(200);
}

async fn trap_02_an_ended_session_stays_revoked_while_its_tokens_are_valid(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing("/api/auth/logout").await.expect(204);
    for _ in 0..14 {
        app.advance(MINUTE);
        app.engine().access().sync().await.unwrap();
        app.engine().sweeper().prune().await.unwrap();
        ann.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    }
    app.advance(MINUTE);
    ann.get(ME).await.expect_error(401, "TOKEN_EXPIRED");
}

async fn trap_02_a_restart_forgets_no_ended_session(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    ann.post_nothing("/api/auth/logout").await.expect(204);
    app.advance(14 * MINUTE);
    let restarted = app.another_node().await;
    restarted
        .client()
        .bearer(&ann.access)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    restarted.client().bearer(&bob.access).get(ME).await.expect(200);
    restarted.stop().await;
}

async fn trap_02_other_processes_apply_access_changes(app: &TestApp) {
    let other = app.another_node().await;
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let there = other.client().bearer(&ann.access);
    there.get(ME).await.expect(200);
    let admin = app.admin().await;
    app.advance(SECOND);
    ann.post_nothing("/api/auth/logout").await.expect(204);
    admin
        .put(&format!("/api/users/{}/role", bob.id), json!({"role": "support"}))
        .await
        .expect(200);
    other.engine.access().sync().await.unwrap();
    there.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    other
        .client()
        .bearer(&bob.access)
        .get("/api/audit")
        .await
        .expect(200);
    other.stop().await;
}
