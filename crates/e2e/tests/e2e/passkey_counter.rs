//! Signature counters of passkeys: a copy shows by a counter that does not grow.

use crate::passkey::sign_in;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    authenticators_that_do_not_count_sign_in;
    a_counter_that_goes_back_is_refused_and_reported;
    a_counter_that_does_not_grow_is_reported_and_refused_of_bound_passkeys_only;
    a_copy_is_no_second_factor_either;
}

/// The security events that report a copy of a passkey.
async fn reported(app: &TestApp) -> Vec<Value> {
    app.engine().security().flush().await.unwrap();
    let events = app.admin().await.get("/api/security-events").await;
    let events = events.expect(200).list().into_iter();
    events.filter(|event| event["type"] == "passkey_copied").collect()
}

async fn stored_counter(app: &TestApp) -> String {
    let rows = app.query_raw("SELECT CAST(counter AS TEXT) FROM passkeys").await;
    rows[0][0].clone().unwrap()
}

async fn authenticators_that_do_not_count_sign_in(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.registered_passkey(&ann).await;
    for _ in 0..3 {
        sign_in(&app.client(), &device).await.expect(200);
    }
    assert!(reported(app).await.is_empty());
}

async fn a_counter_that_goes_back_is_refused_and_reported(app: &TestApp) {
    for synced in [false, true] {
        let ann = app.customer(if synced { "bob" } else { "ann" }).await;
        app.execute_raw("DELETE FROM passkeys").await;
        let mut device = app.passkey_device();
        (device.counter, device.synced) = (7, synced);
        device.register_at(&ann).await;
        device.counter = 9;
        sign_in(&app.client(), &device).await.expect(200);
        assert_eq!(stored_counter(app).await, "9");
        for back in [8, 1, 0] {
            device.counter = back;
            sign_in(&app.client(), &device)
                .await
                .expect_error(401, "INVALID_CREDENTIALS");
        }
        assert_eq!(stored_counter(app).await, "9", "a refused use changes nothing");
        let events = reported(app).await;
        let of_ann: Vec<_> = events.iter().filter(|event| event["userId"] == *ann.id).collect();
        assert_eq!(of_ann.len(), 1, "{events:?}");
        assert_eq!(of_ann[0]["count"], 3);
        assert_eq!(of_ann[0]["operation"], "passkey.sign-in");
        device.counter = 10;
        sign_in(&app.client(), &device).await.expect(200);
    }
}

async fn a_counter_that_does_not_grow_is_reported_and_refused_of_bound_passkeys_only(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let (mut bound, mut synced) = (app.passkey_device(), app.passkey_device());
    (bound.counter, synced.counter, synced.synced) = (3, 3, true);
    bound.register_at(&ann).await;
    synced.register_at(&bob).await;
    assert!(reported(app).await.is_empty());
    sign_in(&app.client(), &bound)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    sign_in(&app.client(), &synced).await.expect(200);
    let mut users: Vec<_> = reported(app)
        .await
        .iter()
        .map(|event| event["userId"].clone())
        .collect();
    users.sort_by_key(Value::to_string);
    let mut expected = vec![json!(ann.id), json!(bob.id)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(users, expected);
}

async fn a_copy_is_no_second_factor_either(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.passkey_device();
    device.counter = 5;
    device.register_at(&ann).await;
    device.counter = 4;
    let token = app.first_factor(&ann).await;
    let begin = app
        .client()
        .post("/api/auth/mfa/passkey", json!({"mfaToken": token}))
        .await;
    let body = json!({"mfaToken": token, "passkey": device.sign(&begin.expect(200).data())});
    app.client()
        .post("/api/auth/mfa/verify", body)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let offered = ann
        .post_nothing("/api/auth/step-up/passkey")
        .await
        .expect(200)
        .data();
    ann.post("/api/auth/step-up", json!({"passkey": device.sign(&offered)}))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    assert_eq!(reported(app).await.len(), 2);
}
