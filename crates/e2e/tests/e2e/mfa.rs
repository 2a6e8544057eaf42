//! Second factors: authenticator apps and recovery codes.

use crate::{MINUTE, SECOND};
use mainstay_testkit::{Answer, Authenticator, Client, Engine, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_08_an_app_counts_after_a_code_confirmed_it;
    trap_08_a_second_factor_finishes_a_sign_in;
    trap_08_a_code_works_once_even_raced_over_two_processes;
    trap_08_the_number_of_guesses_is_limited with RATE_LIMITS = "on";
    trap_08_the_secret_is_stored_sealed_and_recovery_codes_hashed;
    trap_19_the_token_of_the_first_factor_works_once;
    the_token_of_the_first_factor_expires;
    trap_19_a_recovery_code_works_once_even_raced;
    new_recovery_codes_need_a_step_up_and_replace_the_others;
    disabling_needs_a_step_up;
    a_code_steps_up_and_works_once;
    wrong_codes_are_security_events_that_name_the_account;
    the_owner_is_informed_of_every_change_by_mail;
}

const VERIFY: &str = "/api/auth/mfa/verify";
const SET_UP: &str = "/api/auth/mfa/totp/setup";
const ENABLE: &str = "/api/auth/mfa/totp/enable";
const DISABLE: &str = "/api/auth/mfa/totp/disable";
const RECOVERY_CODES: &str = "/api/auth/mfa/recovery-codes";
const STEP_UP: &str = "/api/auth/step-up";
const ME: &str = "/api/users/me";

async fn verify(client: &Client, token: &str, code: &str) -> Answer {
    client
        .post(VERIFY, json!({"mfaToken": token, "code": code}))
        .await
}

fn succeeded(answers: Vec<Answer>, failure: &str) -> usize {
    let mut succeeded = 0;
    for answer in answers {
        if answer.status == 200 || answer.status == 204 {
            succeeded += 1;
        } else {
            answer.expect_error(401, failure);
        }
    }
    succeeded
}

async fn trap_08_an_app_counts_after_a_code_confirmed_it(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.post(ENABLE, json!({"code": "123456"}))
        .await
        .expect_error(409, "INVALID_STATE");
    let first = ann.post_nothing(SET_UP).await.expect(200).data();
    let setup = ann.post_nothing(SET_UP).await.expect(200).data();
    assert_ne!(first["secret"], setup["secret"]);
    let (secret, url) = (
        setup["secret"].as_str().unwrap(),
        setup["otpauthUrl"].as_str().unwrap(),
    );
    assert_eq!(secret.len(), 32);
    let named = format!("otpauth://totp/127.0.0.1:ann%40example.com?secret={secret}&issuer=127.0.0.1");
    assert_eq!(url, named);
    let image = setup["qrCode"].as_str().unwrap();
    assert!(image.starts_with("data:image/svg+xml;base64,"), "{image}");
    // It is no factor yet.
    app.sign_in(&ann.email, &ann.password).await;
    let device = Authenticator::with_secret(secret);
    let of_the_first = Authenticator::with_secret(first["secret"].as_str().unwrap());
    for wrong in [
        of_the_first.code(app.now()),
        "nonsense".to_owned(),
        "0000-0000-0000-0000".to_owned(),
    ] {
        ann.post(ENABLE, json!({"code": wrong}))
            .await
            .expect_error(401, "MFA_INVALID");
    }
    for invalid in [json!({"code": ""}), json!({"code": "1".repeat(65)})] {
        let answer = ann
            .post(ENABLE, invalid)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(answer.validation_errors()[0].starts_with("code "), "{answer:?}");
    }
    let body = json!({"code": device.code(app.now())});
    let codes = ann.post(ENABLE, body.clone()).await.expect(200).data();
    assert_eq!(codes["recoveryCodes"].as_array().unwrap().len(), 10);
    assert_eq!(ann.get(ME).await.expect(200).data()["mfaEnabled"], true);
    for path in [ENABLE, SET_UP] {
        let answer = ann.post(path, body.clone()).await;
        assert!(
            answer.status == 409 || answer.code() == "STEP_UP_REQUIRED" || answer.status == 400,
            "{answer:?}"
        );
    }
    app.first_factor(&ann).await;
    app.run_jobs().await;
}

async fn trap_08_a_second_factor_finishes_a_sign_in(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    let body = json!({"email": ann.email, "password": ann.password});
    let answer = app.client().post("/api/auth/login", body).await.expect(200);
    let request = answer.data();
    assert_eq!(request["mfaRequired"], true);
    assert_eq!(request["methods"], json!(["totp", "recovery-code"]));
    assert!(request.get("accessToken").is_none() && answer.all("set-cookie").is_empty());
    let token = request["mfaToken"].as_str().unwrap();
    // It is no access token.
    app.client()
        .bearer(token)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let code = device.code(app.now());
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let answer = verify(&app.client(), token, &spaced).await.expect(200);
    let again = TestUser::of(&answer, &app.client(), &ann.password);
    assert_eq!(again.get(ME).await.expect(200).data()["id"], json!(ann.id));

    app.next_time_step();
    let body = json!({"mfaToken": app.first_factor(&ann).await, "code": device.code(app.now()), "transport": "cookie"});
    let answer = app.client().post(VERIFY, body).await.expect(200);
    assert_eq!(answer.all("set-cookie").len(), 3, "two tokens and the device");
    assert!(!answer.text().contains("eyJ"), "{answer:?}");
    // An app whose clock is half a minute off.
    for off in [0, 2] {
        app.next_time_step();
        let (before, after) = (app.now().before(30 * SECOND), app.now().after(30 * SECOND));
        let code = device.code(if off == 0 { before } else { after });
        let answer = verify(&app.client(), &app.first_factor(&ann).await, &code).await;
        // The step before was used by the sign-in before.
        match off {
            0 => answer.expect_error(401, "MFA_INVALID"),
            _ => answer.expect(200),
        };
    }
}

async fn trap_08_a_code_works_once_even_raced_over_two_processes(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    let other = app.another_node().await;
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(app.first_factor(&ann).await);
    }
    let code = device.code(app.now());
    let clients = [app.client(), other.client()];
    let racing = tokens
        .iter()
        .enumerate()
        .map(|(at, token)| verify(&clients[at % 2], token, &code));
    let answers = futures_util::future::join_all(racing).await;
    assert_eq!(succeeded(answers, "MFA_INVALID"), 1);
    // Nor later, while its time step is still accepted, nor for anything else.
    app.advance(29 * SECOND);
    verify(&app.client(), &app.first_factor(&ann).await, &code)
        .await
        .expect_error(401, "MFA_INVALID");
    ann.post(STEP_UP, json!({"code": code}))
        .await
        .expect_error(401, "MFA_INVALID");
    other.stop().await;
}

async fn trap_08_the_number_of_guesses_is_limited(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    let token = app.first_factor(&ann).await;
    let right = device.code(app.now());
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let client = app.client();
    let guesses = (0..55).map(|_| verify(&client, &token, wrong));
    let answers = futures_util::future::join_all(guesses).await;
    let evaluated = answers
        .iter()
        .filter(|answer| answer.code() == "MFA_INVALID")
        .count();
    assert!(evaluated <= 10, "{evaluated} guesses were evaluated");
    let locked = verify(&client, &token, &right)
        .await
        .expect_error(429, "LOCKED_OUT");
    assert!(locked.header("retry-after").is_some(), "{locked:?}");
    // Wrong codes do not use up the tries at the password, nor those at the step-up.
    app.first_factor(&ann).await;
    device.step_up(app, &ann).await;
}

async fn trap_08_the_secret_is_stored_sealed_and_recovery_codes_hashed(app: &TestApp) {
    let ann = app.customer("ann").await;
    let setup = ann.post_nothing(SET_UP).await.expect(200).data();
    let device = Authenticator::with_secret(setup["secret"].as_str().unwrap());
    let body = json!({"code": device.code(app.now())});
    let codes = ann.post(ENABLE, body).await.expect(200).data();
    let hex = |column: &str| match app.database_engine() {
        Engine::Sqlite => format!("hex({column})"),
        Engine::Postgres => format!("upper(encode({column}, 'hex'))"),
    };
    let read = async |sql: String| -> Vec<String> {
        let rows = app.query_raw(&sql).await;
        rows.into_iter().flatten().flatten().collect()
    };
    let sealed = read(format!("SELECT {} FROM totp_factors", hex("sealed"))).await;
    let secret: String = device.secret().iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(!sealed[0].contains(&secret), "{sealed:?}");
    assert_eq!(sealed[0].len(), 2 * (device.secret().len() + 33));
    let digests = read(format!("SELECT {} FROM recovery_codes", hex("digest"))).await;
    assert_eq!(digests.len(), 10);
    let codes = codes["recoveryCodes"].as_array().unwrap();
    for code in codes {
        let plain: String = code
            .as_str()
            .unwrap()
            .bytes()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert!(
            digests
                .iter()
                .all(|digest| digest.len() == 64 && !plain.contains(digest))
        );
    }
    // Neither is shown in the audit trail or to subscribers.
    let mut shown = read("SELECT after_json FROM audit_entries".to_owned()).await;
    shown.extend(read("SELECT payload FROM outbox".to_owned()).await);
    assert!(shown.iter().any(|text| text.contains("mfaEnabled")), "{shown:?}");
    for secret in codes.iter().chain([&setup["secret"]]) {
        let secret = secret.as_str().unwrap();
        assert!(!shown.iter().any(|text| text.contains(secret)), "{shown:?}");
    }
    app.leave_jobs();
}

async fn trap_19_the_token_of_the_first_factor_works_once(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let (device, _) = (app.enrol(&ann).await, app.enrol(&bob).await);
    let token = app.first_factor(&ann).await;
    // It outlives wrong codes, and those of other accounts.
    let of_bob = app.first_factor(&bob).await;
    verify(&app.client(), &of_bob, &device.code(app.now()))
        .await
        .expect_error(401, "MFA_INVALID");
    for wrong in [
        "nonsense",
        "0000-0000-0000-0000",
        &device.code(app.now().before(5 * MINUTE)),
    ] {
        verify(&app.client(), &token, wrong)
            .await
            .expect_error(401, "MFA_INVALID");
    }
    // With as many different codes, all of them right.
    let client = app.client();
    let racing = device
        .recovery_codes
        .iter()
        .map(|code| verify(&client, &token, code));
    let answers = futures_util::future::join_all(racing).await;
    assert_eq!(succeeded(answers, "TOKEN_INVALID"), 1);
    verify(&client, &token, &device.code(app.now()))
        .await
        .expect_error(401, "TOKEN_INVALID");
    // The codes that came too late were not used up.
    let left = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM recovery_codes WHERE used_at IS NOT NULL")
        .await;
    assert_eq!(left, [[Some("1".to_owned())]]);
    app.leave_jobs();
}

async fn the_token_of_the_first_factor_expires(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    let token = app.first_factor(&ann).await;
    app.advance(5 * MINUTE);
    verify(&app.client(), &token, &device.code(app.now()))
        .await
        .expect_error(401, "TOKEN_INVALID");
    for other in [
        "",
        "msf_",
        &format!("{token}x"),
        &token.replace("msf_", "mst_"),
        ann.access.as_str(),
    ] {
        let answer = verify(&app.client(), other, &device.code(app.now())).await;
        answer.expect_error(401, "TOKEN_INVALID");
    }
    let fresh = app.first_factor(&ann).await;
    verify(&app.client(), &fresh, &device.code(app.now()))
        .await
        .expect(200);
}

async fn trap_19_a_recovery_code_works_once_even_raced(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    let (other, code) = (app.another_node().await, device.recovery_codes[3].clone());
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(app.first_factor(&ann).await);
    }
    let clients = [app.client(), other.client()];
    let racing = tokens
        .iter()
        .enumerate()
        .map(|(at, token)| verify(&clients[at % 2], token, &code));
    let answers = futures_util::future::join_all(racing).await;
    assert_eq!(succeeded(answers, "MFA_INVALID"), 1);
    // However it is typed.
    let typed = device.recovery_codes[4].to_lowercase().replace('-', " ");
    verify(&app.client(), &app.first_factor(&ann).await, &typed)
        .await
        .expect(200);
    let trail = app.admin().await.get("/api/audit?action=USE_RECOVERY_CODE").await;
    let trail = trail.expect(200).list();
    assert_eq!(trail.len(), 2, "{trail:?}");
    assert!(
        trail.iter().all(|entry| entry["userId"] == json!(ann.id)),
        "{trail:?}"
    );
    let mut left: Vec<_> = trail
        .iter()
        .filter_map(|entry| entry["after"]["left"].as_u64())
        .collect();
    left.sort_unstable();
    assert_eq!(left, [8, 9]);
    other.stop().await;
    app.leave_jobs();
}

async fn new_recovery_codes_need_a_step_up_and_replace_the_others(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    ann.post_nothing(RECOVERY_CODES)
        .await
        .expect_error(409, "INVALID_STATE");
    let device = app.enrol(&ann).await;
    app.advance(10 * MINUTE);
    ann.post_nothing(RECOVERY_CODES)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    device.step_up(app, &ann).await;
    let renewed = ann.post_nothing(RECOVERY_CODES).await.expect(200).data();
    let token = app.first_factor(&ann).await;
    verify(&app.client(), &token, &device.recovery_codes[0])
        .await
        .expect_error(401, "MFA_INVALID");
    let code = renewed["recoveryCodes"][9].as_str().unwrap();
    verify(&app.client(), &token, code).await.expect(200);
    app.leave_jobs();
}

async fn disabling_needs_a_step_up(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    // A fresh sign-in is no step-up.
    let answer = verify(
        &app.client(),
        &app.first_factor(&ann).await,
        &device.code(app.now()),
    )
    .await;
    let ann = TestUser::of(&answer.expect(200), &app.client(), &ann.password);
    ann.post_nothing(DISABLE)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    device.step_up(app, &ann).await;
    app.advance(10 * MINUTE);
    ann.post_nothing(DISABLE)
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    device.step_up(app, &ann).await;
    ann.post_nothing(DISABLE).await.expect(204);
    ann.post_nothing(DISABLE).await.expect_error(409, "INVALID_STATE");
    assert_eq!(ann.get(ME).await.expect(200).data()["mfaEnabled"], false);
    app.sign_in(&ann.email, &ann.password).await;
    let left = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM recovery_codes")
        .await;
    assert_eq!(left, [[Some("0".to_owned())]]);
    for action in ["ENABLE_MFA", "DISABLE_MFA"] {
        let trail = app
            .admin()
            .await
            .get(&format!("/api/audit?action={action}"))
            .await;
        let trail = trail.expect(200).list();
        assert_eq!(trail.len(), 1, "{trail:?}");
        assert_eq!(trail[0]["after"]["mfaEnabled"], json!(action == "ENABLE_MFA"));
    }
    app.leave_jobs();
}

async fn a_code_steps_up_and_works_once(app: &TestApp) {
    let ann = app.customer("ann").await;
    let device = app.enrol(&ann).await;
    for (body, path) in [
        (json!({}), "code REQUIRED"),
        (json!({"code": "123456", "password": "x"}), "code CONFLICT"),
    ] {
        let answer = ann
            .post(STEP_UP, body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert_eq!(answer.validation_errors(), [path]);
    }
    let code = device.code(app.now());
    let racing = (0..5).map(|_| ann.post(STEP_UP, json!({"code": code})));
    let answers = futures_util::future::join_all(racing).await;
    assert_eq!(succeeded(answers, "MFA_INVALID"), 1);
    ann.post_nothing(DISABLE).await.expect(204);
    app.leave_jobs();
}

async fn wrong_codes_are_security_events_that_name_the_account(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.enrol(&ann).await;
    let token = app.first_factor(&ann).await;
    for _ in 0..3 {
        verify(&app.client(), &token, "0000-0000-0000-0000")
            .await
            .expect_error(401, "MFA_INVALID");
    }
    app.engine().security().flush().await.unwrap();
    let events = app.admin().await.get("/api/security-events").await;
    let events: Vec<Value> = events.expect(200).list();
    let failed: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "mfa_failed")
        .collect();
    assert_eq!(failed.len(), 1, "{events:?}");
    assert_eq!(
        (&failed[0]["userId"], &failed[0]["count"]),
        (&json!(ann.id), &json!(3))
    );
    app.leave_jobs();
}

async fn the_owner_is_informed_of_every_change_by_mail(app: &TestApp) {
    let ann = app.customer("ann").await.with("user-agent", "Firefox/1 (test)");
    let last = async || {
        app.run_jobs().await;
        app.mailbox.messages().pop().unwrap()
    };
    let setup = ann.post_nothing(SET_UP).await.expect(200).data();
    let device = Authenticator::with_secret(setup["secret"].as_str().unwrap());
    let body = json!({"code": device.code(app.now())});
    let enabled = ann.post(ENABLE, body).await.expect(200).data();
    let mail = last().await;
    assert_eq!(mail.subject, "Two-factor authentication is on");
    assert!(
        mail.text.contains("Firefox/1 (test)") && mail.text.contains("127.0.0.1"),
        "{mail:?}"
    );
    device.step_up(app, &ann).await;
    let renewed = ann.post_nothing(RECOVERY_CODES).await.expect(200).data();
    let mail = last().await;
    assert_eq!(mail.subject, "You have new recovery codes");
    let code = renewed["recoveryCodes"][0].as_str().unwrap();
    let token = app.first_factor(&ann).await;
    verify(&app.client(), &token, code).await.expect(200);
    app.run_jobs().await;
    let mails = app.mailbox.messages();
    let mail = mails
        .iter()
        .find(|mail| mail.subject == "A recovery code was used");
    let mail = mail.unwrap_or_else(|| panic!("{mails:?}"));
    assert!(mail.text.contains("Codes that are left: 9."), "{mail:?}");
    ann.post_nothing(DISABLE).await.expect(204);
    assert_eq!(last().await.subject, "A second factor was removed");
    // No mail carries a secret, and none went to another address.
    for mail in app.mailbox.messages() {
        assert_eq!(mail.to.as_str(), ann.email);
        for secret in [
            &setup["secret"],
            &enabled["recoveryCodes"][0],
            &renewed["recoveryCodes"][0],
        ] {
            let secret = secret.as_str().unwrap();
            assert!(
                !mail.text.contains(secret) && !mail.html.contains(secret),
                "{mail:?}"
            );
        }
    }
    let before = app.mailbox.messages().len();
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), before);
}
