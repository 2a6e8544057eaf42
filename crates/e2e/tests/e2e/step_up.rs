//! Step-up: proving again who one is.

use crate::MINUTE;
use crate::provider::{begin, setting};
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    the_password_proves_again_who_the_user_is;
    a_wrong_password_proves_nothing;
    trap_08_a_password_alone_is_no_step_up_where_there_is_a_second_factor;
    trap_08_the_first_factor_ends_earlier_step_ups;
    trap_08_the_first_app_needs_a_recent_proof;
    trap_10_linking_an_identity_needs_a_recent_proof;
}

const STEP_UP: &str = "/api/auth/step-up";
const KEYS: &str = "/api/auth/api-keys";
const SET_UP: &str = "/api/auth/mfa/totp/setup";

async fn the_password_proves_again_who_the_user_is(app: &TestApp) {
    let ann = app.customer("ann").await;
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    ann.post(STEP_UP, json!({"password": ann.password}))
        .await
        .expect(204);
    // It is noted for this session alone.
    let noted = app
        .query_raw("SELECT CAST(stepped_up_at AS TEXT) FROM sessions WHERE stepped_up_at IS NOT NULL")
        .await;
    assert_eq!(noted, [[Some(app.now().micros().to_string())]]);
    let trail = app
        .admin()
        .await
        .get("/api/audit?action=STEP_UP")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["userId"], json!(ann.id));
    assert!(!trail[0].to_string().contains(&ann.password), "{trail:?}");
    ann.post_nothing("/api/auth/logout").await.expect(204);
    ann.post(STEP_UP, json!({"password": ann.password}))
        .await
        .expect_error(401, "TOKEN_REVOKED");
    elsewhere.get("/api/users/me").await.expect(200);
}

async fn a_wrong_password_proves_nothing(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    for wrong in ["", "not her password", bob.password.as_str(), &"x".repeat(5000)] {
        ann.post(STEP_UP, json!({"password": wrong}))
            .await
            .expect_error(401, "INVALID_CREDENTIALS");
    }
    let body = json!({"password": ann.password});
    app.client()
        .post(STEP_UP, body)
        .await
        .expect_error(401, "UNAUTHORIZED");
    let noted = app
        .query_raw("SELECT CAST(stepped_up_at AS TEXT) FROM sessions WHERE stepped_up_at IS NOT NULL")
        .await;
    assert!(noted.is_empty(), "{noted:?}");
    app.engine().security().flush().await.unwrap();
    let events = app.admin().await.get("/api/security-events").await;
    let events = events.expect(200).list();
    let of_ann = |event: &&serde_json::Value| {
        event["type"] == "login_failed"
            && event["operation"] == "account.step-up"
            && event["userId"] == *ann.id
    };
    assert_eq!(events.iter().find(of_ann).expect("an event")["count"], 4);
}

async fn trap_08_a_password_alone_is_no_step_up_where_there_is_a_second_factor(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let totp = app.enrol(&ann).await;
    let passkey = app.registered_passkey(&bob).await;
    for user in [&ann, &bob] {
        user.post(STEP_UP, json!({"password": user.password}))
            .await
            .expect_error(409, "INVALID_STATE");
        // Nor does the password move the account to an address of a thief who has it.
        let moved = json!({"email": "eve@example.com", "password": user.password});
        user.post("/api/auth/email/change", moved)
            .await
            .expect_error(403, "STEP_UP_REQUIRED");
    }
    totp.step_up(app, &ann).await;
    passkey.step_up(&bob).await;
    for (user, to) in [(&ann, "ann.b@example.com"), (&bob, "bob.b@example.com")] {
        let moved = json!({"email": to, "password": user.password});
        user.post("/api/auth/email/change", moved).await.expect(202);
    }
    app.leave_jobs();
}

async fn trap_08_the_first_factor_ends_earlier_step_ups(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    for user in [&ann, &elsewhere, &bob] {
        user.step_up().await;
    }
    let totp = app.enrol(&ann).await;
    let passkey = app.registered_passkey(&bob).await;
    let key = json!({"name": "a key", "scopes": ["create:order"]});
    for user in [&ann, &elsewhere, &bob] {
        user.post(KEYS, key.clone())
            .await
            .expect_error(403, "STEP_UP_REQUIRED");
    }
    totp.step_up(app, &ann).await;
    ann.post(KEYS, key.clone()).await.expect(201);
    // A further factor ends none: they were made with the first one.
    app.registered_passkey(&ann).await;
    ann.post(KEYS, key.clone()).await.expect(201);
    passkey.step_up(&bob).await;
    bob.post(KEYS, key).await.expect(201);
    app.leave_jobs();
}

async fn trap_08_the_first_app_needs_a_recent_proof(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing(SET_UP).await.expect(200);
    app.advance(11 * MINUTE);
    ann.post_nothing(SET_UP)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    ann.step_up().await;
    app.enrol(&ann).await;
}

async fn trap_10_linking_an_identity_needs_a_recent_proof(app: &TestApp) {
    let at = setting(app).await;
    let ann = app.customer("ann").await;
    let there = at.client().bearer(&ann.access);
    app.advance(11 * MINUTE);
    there
        .get("/api/auth/oauth/stub")
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    ann.step_up().await;
    begin(&there, "stub", "").await;
    // A client that is not signed in signs in, which needs no proof.
    begin(&at.client(), "stub", "").await;
}
