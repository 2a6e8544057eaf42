//! Step-up by a code in a mail, for accounts that have nothing else to prove themselves with.

use crate::provider::{Setting, setting};
use crate::{MINUTE, SECOND};
use futures_util::future::join_all;
use mainstay_testkit::{Authenticator, Client, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    an_account_with_nothing_else_steps_up_by_a_mailed_code;
    trap_08_a_mailed_code_has_five_tries_ten_minutes_and_one_use with RATE_LIMITS = "off";
    trap_08_a_mailed_code_works_in_its_own_session_alone;
    an_account_with_a_password_or_a_factor_gets_no_code;
}

const STEP_UP: &str = "/api/auth/step-up";
const REQUEST: &str = "/api/auth/step-up/email-code";
const KEYS: &str = "/api/auth/api-keys";

/// A client signed in by a provider, to an account without a password.
async fn provided(at: &Setting) -> Client {
    let answer = at.sign_in("stub").await.expect(200).data();
    at.client().bearer(answer["accessToken"].as_str().unwrap())
}

/// Asks for a code and reads it in the mail.
async fn mailed(app: &TestApp, ann: &Client) -> String {
    ann.post_nothing(REQUEST).await.expect(202);
    app.run_jobs().await;
    let mail = app.mailbox.messages().pop().unwrap();
    assert_eq!(mail.subject, "Your code to confirm that it is you");
    let code = mail
        .text
        .split(|typed: char| !typed.is_ascii_digit())
        .find(|part| part.len() == 6);
    code.unwrap_or_else(|| panic!("no code in {}", mail.text))
        .to_owned()
}

fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

async fn an_account_with_nothing_else_steps_up_by_a_mailed_code(app: &TestApp) {
    let at = setting(app).await;
    let ann = provided(&at).await;
    let key = json!({"name": "a key", "scopes": ["create:order"]});
    ann.post(KEYS, key.clone())
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    // Without a code there is none to guess.
    ann.post(STEP_UP, json!({"code": "123456"}))
        .await
        .expect_error(401, "MFA_INVALID");
    ann.post(STEP_UP, json!({"password": "none was set"}))
        .await
        .expect_error(409, "INVALID_STATE");
    let code = mailed(app, &ann).await;
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    ann.post(STEP_UP, json!({"code": spaced})).await.expect(204);
    ann.post(KEYS, key).await.expect(201);
    let trail = app.admin().await.get("/api/audit?action=STEP_UP").await;
    let trail = trail.expect(200).list();
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["after"]["proof"], "mail-code");
    assert!(!json!(trail).to_string().contains(&code), "{trail:?}");
}

async fn trap_08_a_mailed_code_has_five_tries_ten_minutes_and_one_use(app: &TestApp) {
    let at = setting(app).await;
    let ann = provided(&at).await;
    let code = mailed(app, &ann).await;
    for _ in 0..5 {
        ann.post(STEP_UP, json!({"code": other_than(&code)}))
            .await
            .expect_error(401, "MFA_INVALID");
    }
    ann.post(STEP_UP, json!({"code": code}))
        .await
        .expect_error(401, "MFA_INVALID");
    let late = mailed(app, &ann).await;
    app.advance(10 * MINUTE + SECOND);
    ann.post(STEP_UP, json!({"code": late}))
        .await
        .expect_error(401, "MFA_INVALID");
    let (former, code) = (mailed(app, &ann).await, mailed(app, &ann).await);
    if former != code {
        ann.post(STEP_UP, json!({"code": former}))
            .await
            .expect_error(401, "MFA_INVALID");
    }
    let answers = join_all((0..4).map(|_| ann.post(STEP_UP, json!({"code": code})))).await;
    let stepped_up = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(stepped_up, 1, "{answers:?}");
}

async fn trap_08_a_mailed_code_works_in_its_own_session_alone(app: &TestApp) {
    let at = setting(app).await;
    let (ann, thief) = (provided(&at).await, provided(&at).await);
    let code = mailed(app, &ann).await;
    thief
        .post(STEP_UP, json!({"code": code}))
        .await
        .expect_error(401, "MFA_INVALID");
    // It signs in nowhere either.
    let sign_in = json!({"email": "ann@example.com", "code": code});
    app.client()
        .post("/api/auth/email-code/verify", sign_in)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    ann.post(STEP_UP, json!({"code": code})).await.expect(204);
}

async fn an_account_with_a_password_or_a_factor_gets_no_code(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post_nothing(REQUEST).await.expect_error(409, "INVALID_STATE");
    app.client()
        .post_nothing(REQUEST)
        .await
        .expect_error(401, "UNAUTHORIZED");
    // A code that was mailed before the account had a factor does not stand in for it.
    let at = setting(app).await;
    at.provider
        .set_claims(json!({"sub": "bob", "email": "bob@example.com", "email_verified": true}));
    let bob = provided(&at).await;
    let code = mailed(app, &bob).await;
    let setup = bob
        .post_nothing("/api/auth/mfa/totp/setup")
        .await
        .expect(200)
        .data();
    let device = Authenticator::with_secret(setup["secret"].as_str().unwrap());
    let enable = json!({"code": device.code(app.now())});
    bob.post("/api/auth/mfa/totp/enable", enable).await.expect(200);
    bob.post(STEP_UP, json!({"code": code}))
        .await
        .expect_error(401, "MFA_INVALID");
    bob.post_nothing(REQUEST).await.expect_error(409, "INVALID_STATE");
    app.leave_jobs();
}
