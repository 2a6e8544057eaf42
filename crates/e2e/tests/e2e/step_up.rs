//! Step-up: proving again who one is.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    the_password_proves_again_who_the_user_is;
    a_wrong_password_proves_nothing;
}

const STEP_UP: &str = "/api/auth/step-up";

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
