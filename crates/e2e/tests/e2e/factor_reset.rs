//! The reset of second factors by an administrator.

use crate::email::subjects;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    an_administrator_resets_the_factors_of_a_user_who_lost_them;
    trap_23_factors_are_reset_only_by_accounts_of_higher_rank;
    trap_08_an_api_key_and_the_user_themselves_reset_no_factor;
}

const LOGIN: &str = "/api/auth/login";

async fn an_administrator_resets_the_factors_of_a_user_who_lost_them(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}/factors", ann.id);
    // A stolen session of an administrator opens no account.
    admin.delete(&path).await.expect_error(403, "STEP_UP_REQUIRED");
    admin.step_up().await;
    admin.delete(&path).await.expect_error(409, "INVALID_STATE");
    app.enrol(&ann).await;
    let pending = app.first_factor(&ann).await;
    let other = app.another_node().await;
    admin.delete(&path).await.expect(204);
    // Every session is over, on every node.
    ann.get("/api/users/me").await.expect_error(401, "TOKEN_REVOKED");
    other.engine.access().sync().await.unwrap();
    let there = other.client().bearer(&ann.access);
    there
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.stop().await;
    let body = json!({"mfaToken": pending, "code": "123456"});
    app.client()
        .post("/api/auth/mfa/verify", body)
        .await
        .expect_error(401, "MFA_INVALID");
    // The password alone signs in, and factors can be set up again.
    let again = app.sign_in(&ann.email, &ann.password).await;
    let me = again.get("/api/users/me").await.expect(200).data();
    assert_eq!(me["mfaEnabled"], json!(false));
    app.run_jobs().await;
    let mails = subjects(app, &ann.email);
    assert_eq!(
        mails.last().map(String::as_str),
        Some("An administrator removed your second factors"),
        "{mails:?}"
    );
    let trail = format!(
        "/api/audit?resource=user&resourceId={}&action=RESET_FACTORS",
        ann.id
    );
    let trail = admin.get(&trail).await.expect(200).list();
    assert_eq!(
        (trail.len(), &trail[0]["userId"]),
        (1, &json!(admin.id)),
        "{trail:?}"
    );
    app.engine().security().flush().await.unwrap();
    let events = admin.get("/api/security-events").await.expect(200).list();
    let event = events.iter().find(|event| event["type"] == "mfa_reset");
    let event = event.unwrap_or_else(|| panic!("no event in {events:?}"));
    assert_eq!(
        (&event["userId"], &event["operation"]),
        (&json!(ann.id), &json!("user.reset-factors"))
    );
    app.enrol(&again).await;
    let unknown = "/api/users/0199b1f4-7c00-7000-8000-000000000001/factors";
    admin.delete(unknown).await.expect_error(404, "NOT_FOUND");
}

async fn trap_23_factors_are_reset_only_by_accounts_of_higher_rank(app: &TestApp) {
    let clerk = crate::role::holder(app, "clerk", &["update:user", "create:order"]).await;
    let mia = app.member("mia", "manager").await;
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    app.enrol(&mia).await;
    app.enrol(&ann).await;
    let path = |id: &str| format!("/api/users/{id}/factors");
    clerk.step_up().await;
    clerk.delete(&path(&mia.id)).await.expect_error(403, "FORBIDDEN");
    bob.delete(&path(&ann.id)).await.expect_error(403, "FORBIDDEN");
    app.client()
        .delete(&path(&ann.id))
        .await
        .expect_error(401, "UNAUTHORIZED");
    app.first_factor(&mia).await;
    clerk.delete(&path(&ann.id)).await.expect(204);
    let body = json!({"email": ann.email, "password": ann.password});
    let answer = app.client().post(LOGIN, body).await.expect(200).data();
    assert!(answer["accessToken"].is_string(), "{answer}");
    app.run_jobs().await;
}

async fn trap_08_an_api_key_and_the_user_themselves_reset_no_factor(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    app.enrol(&ann).await;
    let path = format!("/api/users/{}/factors", ann.id);
    let key = crate::api_key::key_with(&admin, &["update:user", "create:order"]).await;
    app.client()
        .bearer(&key)
        .delete(&path)
        .await
        .expect_error(403, "FORBIDDEN");
    app.first_factor(&ann).await;
    // One's own are disabled after a step-up, which a stolen session cannot make.
    let device = app.enrol(&admin).await;
    device.step_up(app, &admin).await;
    let own = format!("/api/users/{}/factors", admin.id);
    admin.delete(&own).await.expect_error(409, "CONFLICT");
    app.first_factor(&admin).await;
}
