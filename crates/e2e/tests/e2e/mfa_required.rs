//! Roles that require a second factor.

use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_role_limits_its_members_until_they_have_a_second_factor;
}

const ME: &str = "/api/users/me";

async fn a_role_limits_its_members_until_they_have_a_second_factor(app: &TestApp) {
    let (ann, bob) = (app.member("ann", "support").await, app.customer("bob").await);
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    let other = app.another_node().await;
    ann.get("/api/orders").await.expect(200);
    app.execute_raw("UPDATE roles SET mfa_required = TRUE WHERE name = 'support'")
        .await;
    for node in [app.node(), &other] {
        node.engine.access().sync().await.unwrap();
    }
    // In force for tokens that were issued before, on every node.
    let there = other.client().bearer(&ann.access);
    for client in [&*ann, &*elsewhere, &there] {
        client.get("/api/orders").await.expect_error(403, "FORBIDDEN");
        client.get("/api/users").await.expect_error(403, "FORBIDDEN");
        let me = client.get(ME).await.expect(200).data();
        assert_eq!(me["mfaSetupRequired"], true);
        client.get("/api/products").await.expect(200);
    }
    assert_eq!(bob.get(ME).await.expect(200).data()["mfaSetupRequired"], false);
    bob.get("/api/orders").await.expect(200);
    let fresh = app.sign_in(&ann.email, &ann.password).await;
    fresh.get("/api/orders").await.expect_error(403, "FORBIDDEN");
    fresh
        .post("/api/auth/step-up", json!({"password": ann.password}))
        .await
        .expect(204);
    fresh.get("/api/orders").await.expect_error(403, "FORBIDDEN");
    fresh
        .refreshed()
        .await
        .get("/api/orders")
        .await
        .expect_error(403, "FORBIDDEN");
    elsewhere.post_nothing("/api/auth/logout").await.expect(204);

    // The enrolment lifts it at once, also for the token in use, and ends the sessions that it did not happen in.
    let device = app.enrol(&fresh).await;
    fresh.get("/api/orders").await.expect(200);
    fresh.refreshed().await.get("/api/users").await.expect(200);
    ann.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    other.engine.access().sync().await.unwrap();
    there.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    let body = json!({"mfaToken": app.first_factor(&ann).await, "code": device.code(app.now())});
    let answer = app.client().post("/api/auth/mfa/verify", body).await.expect(200);
    let again = TestUser::of(&answer, &app.client(), &ann.password);
    again.get("/api/orders").await.expect(200);
    assert_eq!(again.get(ME).await.expect(200).data()["mfaSetupRequired"], false);

    // Without its factor, the account is limited again.
    device.step_up(app, &again).await;
    again.post_nothing("/api/auth/mfa/totp/disable").await.expect(204);
    again.get("/api/orders").await.expect_error(403, "FORBIDDEN");
    app.leave_jobs();
    other.stop().await;
}
