//! Passkeys as a second factor, in a step-up, and where a role requires a second factor.

use crate::passkey::{options, sign_in};
use mainstay_testkit::{Answer, Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_passkey_is_a_second_factor_beside_the_password;
    app_and_passkey_are_each_enough;
    a_passkey_steps_up;
    a_passkey_satisfies_a_role_that_requires_a_second_factor;
    a_challenge_serves_what_it_was_issued_for_alone;
    wrong_passkeys_use_up_no_tries_at_passwords_and_codes with RATE_LIMITS = "on";
}

const VERIFY: &str = "/api/auth/mfa/verify";
const BEGIN: &str = "/api/auth/mfa/passkey";
const STEP_UP: &str = "/api/auth/step-up";
const BEGIN_STEP_UP: &str = "/api/auth/step-up/passkey";
const CODES: &str = "/api/auth/mfa/recovery-codes";

async fn begin(client: &Client, token: &str) -> Value {
    let body = json!({"mfaToken": token});
    client.post(BEGIN, body).await.expect(200).data()
}

async fn verify(client: &Client, token: &str, passkey: Value) -> Answer {
    client
        .post(VERIFY, json!({"mfaToken": token, "passkey": passkey}))
        .await
}

async fn a_passkey_is_a_second_factor_beside_the_password(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let mut device = app.passkey_device();
    let registered = device.register_at(&ann).await;
    let of_bob = app.registered_passkey(&bob).await;
    let body = json!({"email": ann.email, "password": ann.password});
    let request = app
        .client()
        .post("/api/auth/login", body)
        .await
        .expect(200)
        .data();
    assert_eq!(request["mfaRequired"], true);
    assert_eq!(request["methods"], json!(["passkey", "recovery-code"]));
    let token = request["mfaToken"].as_str().unwrap();
    let offered = begin(&app.client(), token).await;
    assert_eq!(
        offered["publicKey"]["allowCredentials"].as_array().unwrap().len(),
        1
    );
    verify(&app.client(), token, of_bob.sign(&offered))
        .await
        .expect_error(401, "MFA_INVALID");
    let mut forged = device.sign(&offered);
    forged["response"]["signature"] = json!("MAA");
    verify(&app.client(), token, forged)
        .await
        .expect_error(401, "MFA_INVALID");
    // The token of the first factor and the challenge outlive wrong responses, and work once.
    let response = device.sign(&offered);
    let answer = verify(&app.client(), token, response.clone()).await.expect(200);
    assert_eq!(answer.data()["user"]["id"], json!(ann.id));
    verify(&app.client(), token, response)
        .await
        .expect_error(401, "TOKEN_INVALID");
    for bad in ["", "msf_x", token] {
        let body = json!({"mfaToken": bad});
        app.client()
            .post(BEGIN, body)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    // The recovery codes of its registration stand in for it.
    let code = &registered["recoveryCodes"][0];
    let body = json!({"mfaToken": app.first_factor(&ann).await, "code": code});
    app.client().post(VERIFY, body).await.expect(200);
    let body = json!({"mfaToken": "msf_x", "code": "123456", "passkey": device.sign(&offered)});
    for invalid in [json!({"mfaToken": "msf_x"}), body] {
        app.client()
            .post(VERIFY, invalid)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
}

async fn app_and_passkey_are_each_enough(app: &TestApp) {
    let ann = app.customer("ann").await;
    let totp = app.enrol(&ann).await;
    ann.post_nothing("/api/auth/passkeys/register/start")
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    totp.step_up(app, &ann).await;
    let device = app.registered_passkey(&ann).await;
    let body = json!({"email": ann.email, "password": ann.password});
    let request = app
        .client()
        .post("/api/auth/login", body)
        .await
        .expect(200)
        .data();
    assert_eq!(request["methods"], json!(["totp", "passkey", "recovery-code"]));
    let body = json!({"mfaToken": request["mfaToken"], "code": totp.code(app.now())});
    app.client().post(VERIFY, body).await.expect(200);
    let token = app.first_factor(&ann).await;
    let offered = begin(&app.client(), &token).await;
    verify(&app.client(), &token, device.sign(&offered))
        .await
        .expect(200);
    // By itself, it is both factors.
    sign_in(&app.client(), &device).await.expect(200);
    // Without the app, the passkey is left.
    ann.post_nothing("/api/auth/mfa/totp/disable").await.expect(204);
    let body = json!({"email": ann.email, "password": ann.password});
    let request = app
        .client()
        .post("/api/auth/login", body)
        .await
        .expect(200)
        .data();
    assert_eq!(request["methods"], json!(["passkey", "recovery-code"]));
}

async fn a_passkey_steps_up(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    ann.post_nothing(BEGIN_STEP_UP)
        .await
        .expect_error(409, "INVALID_STATE");
    let (device, of_bob) = (
        app.registered_passkey(&ann).await,
        app.registered_passkey(&bob).await,
    );
    ann.post_nothing(CODES)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    let offered = ann.post_nothing(BEGIN_STEP_UP).await.expect(200).data();
    ann.post(STEP_UP, json!({"passkey": of_bob.sign(&offered)}))
        .await
        .expect_error(401, "MFA_INVALID");
    // A challenge of ann's is none of bob's.
    bob.post(STEP_UP, json!({"passkey": of_bob.sign(&offered)}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    ann.post_nothing(CODES)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    let body = json!({"passkey": device.sign(&offered)});
    ann.post(STEP_UP, body.clone()).await.expect(204);
    ann.post_nothing(CODES).await.expect(200);
    ann.post(STEP_UP, body).await.expect_error(401, "TOKEN_INVALID");
    let trail = app.admin().await.get("/api/audit?action=STEP_UP").await;
    let trail = trail.expect(200).list();
    assert_eq!(trail[0]["after"]["proof"], "passkey", "{trail:?}");
}

async fn a_passkey_satisfies_a_role_that_requires_a_second_factor(app: &TestApp) {
    let ann = app.member("ann", "support").await;
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    app.execute_raw("UPDATE roles SET mfa_required = TRUE WHERE name = 'support'")
        .await;
    app.engine().access().sync().await.unwrap();
    ann.get("/api/orders").await.expect_error(403, "FORBIDDEN");
    let device = app.registered_passkey(&ann).await;
    ann.get("/api/orders").await.expect(200);
    elsewhere
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    let answer = sign_in(&app.client(), &device).await.expect(200);
    let again = TestUser::of(&answer, &app.client(), &ann.password);
    again.get("/api/orders").await.expect(200);
    app.leave_jobs();
}

async fn a_challenge_serves_what_it_was_issued_for_alone(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut device = app.registered_passkey(&ann).await;
    let token = app.first_factor(&ann).await;
    let (of_sign_in, of_factor) = (options(&app.client()).await, begin(&app.client(), &token).await);
    app.client()
        .post(crate::passkey::FINISH, device.sign(&of_factor))
        .await
        .expect_error(401, "TOKEN_INVALID");
    verify(&app.client(), &token, device.sign(&of_sign_in))
        .await
        .expect_error(401, "TOKEN_INVALID");
    ann.post(STEP_UP, json!({"passkey": device.sign(&of_sign_in)}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    device.step_up(&ann).await;
    let of_registration = ann
        .post_nothing(crate::passkey::REGISTER)
        .await
        .expect(200)
        .data();
    let mut as_sign_in = of_registration.clone();
    as_sign_in["publicKey"]["rpId"] = json!("localhost");
    app.client()
        .post(crate::passkey::FINISH, device.sign(&as_sign_in))
        .await
        .expect_error(401, "TOKEN_INVALID");
    let mut as_registration = of_registration;
    as_registration["publicKey"]["challenge"] = of_sign_in["publicKey"]["challenge"].clone();
    ann.post(
        "/api/auth/passkeys/register/finish",
        device.register(&as_registration),
    )
    .await
    .expect_error(401, "TOKEN_INVALID");
}

async fn wrong_passkeys_use_up_no_tries_at_passwords_and_codes(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.registered_passkey(&ann).await;
    let token = app.first_factor(&ann).await;
    let offered = begin(&app.client(), &token).await;
    let mut forged = device.sign(&offered);
    forged["response"]["signature"] = json!("MAA");
    for _ in 0..15 {
        verify(&app.client(), &token, forged.clone())
            .await
            .expect_error(401, "MFA_INVALID");
    }
    verify(&app.client(), &token, device.sign(&offered))
        .await
        .expect(200);
    app.first_factor(&ann).await;
    // A network that presents wrong ones has a limit all the same.
    let token = app.first_factor(&ann).await;
    let mut refused = 0;
    for _ in 0..45 {
        let mut forged = device.sign(&begin(&app.client(), &token).await);
        forged["response"]["signature"] = json!("MAA");
        let answer = verify(&app.client(), &token, forged).await;
        refused += usize::from(answer.status == 429);
    }
    assert!(refused > 0);
}
