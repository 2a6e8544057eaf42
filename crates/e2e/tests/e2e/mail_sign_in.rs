//! Signing in by a link or a code that is sent by mail.

use crate::{MINUTE, SECOND};
use futures_util::future::join_all;
use mainstay_testkit::{Answer, Client, TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_link_signs_in_once_in_the_browser_of_the_request;
    another_browser_has_to_confirm;
    trap_15_a_get_uses_no_link;
    a_link_expires;
    trap_11_an_address_without_an_account_gets_the_same_answer;
    trap_19_a_link_used_twice_at_once_signs_in_once;
    trap_10_a_link_takes_the_account_from_the_client_that_registered_it;
    a_code_signs_in_once;
    trap_21_a_code_has_five_tries_also_at_the_same_time;
    trap_19_a_code_used_twice_at_once_signs_in_once;
    wrong_passwords_use_up_no_tries_at_a_code with RATE_LIMITS = "on", TRUSTED_PROXIES = "127.0.0.0/8";
    a_mailbox_is_not_flooded with RATE_LIMITS = "on";
}

const LINK: &str = "/api/auth/magic-link";
const VERIFY: &str = "/api/auth/magic-link/verify";
const CODE: &str = "/api/auth/email-code";
const VERIFY_CODE: &str = "/api/auth/email-code/verify";

/// Asks for a link; returns the browser with its cookie, and the token of the mail.
async fn request_link(app: &TestApp, email: &str) -> (Client, String) {
    let answer = app.client().post(LINK, json!({"email": email})).await.expect(202);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Strict")
            && cookie.contains("Path=/api/auth"),
        "{cookie}"
    );
    let browser = app.client().header("cookie", cookie.split(';').next().unwrap());
    app.run_jobs().await;
    (browser, last_token(app))
}

fn last_text(app: &TestApp) -> String {
    app.mailbox.messages().last().unwrap().text.clone()
}

fn last_token(app: &TestApp) -> String {
    let text = last_text(app);
    let at = text.find("mml_").unwrap_or_else(|| panic!("no link in {text}"));
    text[at..]
        .chars()
        .take_while(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

async fn request_code(app: &TestApp, email: &str) -> String {
    app.client().post(CODE, json!({"email": email})).await.expect(202);
    app.run_jobs().await;
    let text = last_text(app);
    let code = text
        .split(|c: char| !c.is_ascii_digit())
        .find(|part| part.len() == 6);
    code.unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

async fn verify(client: &Client, token: &str) -> Answer {
    client.post(VERIFY, json!({"token": token})).await
}

async fn verify_code(client: &Client, email: &str, code: &str) -> Answer {
    client
        .post(VERIFY_CODE, json!({"email": email, "code": code}))
        .await
}

/// An account whose address is confirmed.
async fn confirmed(app: &TestApp, name: &str) -> mainstay_testkit::TestUser {
    let user = app.customer(name).await;
    app.execute_raw(&format!(
        "UPDATE users SET email_verified = TRUE WHERE email = '{}'",
        user.email
    ))
    .await;
    user
}

async fn a_link_signs_in_once_in_the_browser_of_the_request(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let (browser, token) = request_link(app, &ann.email).await;
    let answer = verify(&browser, &token).await.expect(200);
    assert_eq!(answer.data()["user"]["id"], json!(ann.id));
    let access = answer.data()["accessToken"].as_str().unwrap().to_owned();
    app.client()
        .bearer(&access)
        .get("/api/users/me")
        .await
        .expect(200);
    verify(&browser, &token).await.expect_error(401, "TOKEN_INVALID");
    for bad in [
        "",
        "mml_",
        "mst_AAAA",
        &token[..token.len() - 1],
        &format!("{token}A"),
    ] {
        verify(&browser, bad).await.expect_error(401, "TOKEN_INVALID");
    }
    let admin = app.admin().await;
    let path = format!("/api/audit?action=LOGIN&userId={}", ann.id);
    let entries = admin.get(&path).await.expect(200).list();
    let methods: Vec<_> = entries.iter().map(|entry| &entry["after"]["method"]).collect();
    assert!(methods.contains(&&json!("magic-link")), "{methods:?}");
    // The password still works: the address was confirmed before.
    app.sign_in(&ann.email, &ann.password).await;
}

async fn another_browser_has_to_confirm(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let (browser, token) = request_link(app, &ann.email).await;
    let (bobs, _) = request_link(app, "bob@example.com").await;
    for other in [
        &app.client(),
        &bobs,
        &app.client().header("cookie", "signInBrowser=rubbish"),
    ] {
        verify(other, &token).await.expect_error(409, "INVALID_STATE");
    }
    let body = json!({"token": token, "confirm": true, "transport": "cookie"});
    let answer = app.client().post(VERIFY, body).await.expect(200);
    assert!(
        answer
            .all("set-cookie")
            .iter()
            .any(|cookie| cookie.starts_with("accessToken="))
    );
    verify(&browser, &token).await.expect_error(401, "TOKEN_INVALID");
}

async fn trap_15_a_get_uses_no_link(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let (browser, token) = request_link(app, &ann.email).await;
    // The page presents the token only when its reader presses a button. The token stands after the `#`: a mail gateway that follows the link sends it to no server.
    assert!(
        last_text(app).contains(&format!("/magic-link#{token}")),
        "{}",
        last_text(app)
    );
    for path in [
        VERIFY.to_owned(),
        format!("{VERIFY}?token={token}"),
        format!("/magic-link?token={token}"),
    ] {
        let answer = browser.get(&path).await;
        assert!(
            answer.status == 405 || path.starts_with("/magic-link"),
            "{answer:?}"
        );
    }
    verify(&browser, &token).await.expect(200);
}

async fn a_link_expires(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let (browser, first) = request_link(app, &ann.email).await;
    // The browser keeps its secret, so that both links work there.
    let again = browser.post(LINK, json!({"email": ann.email})).await.expect(202);
    let kept = again
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    app.run_jobs().await;
    let second = last_token(app);
    let browser = app.client().header("cookie", &kept);
    verify(&browser, &first).await.expect(200);
    app.advance(15 * MINUTE - SECOND);
    verify(&browser, &second).await.expect(200);
    let (browser, third) = request_link(app, &ann.email).await;
    app.advance(15 * MINUTE);
    verify(&browser, &third).await.expect_error(401, "TOKEN_INVALID");
}

async fn trap_11_an_address_without_an_account_gets_the_same_answer(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let mut answers = Vec::new();
    for email in [ann.email.as_str(), "unknown@example.com"] {
        for path in [LINK, CODE] {
            let client = app.client().header("x-request-id", "r");
            let answer = client.post(path, json!({"email": email})).await.expect(202);
            assert_eq!(answer.text(), "");
            answers.push((path, answer.status, answer.headers.len()));
        }
        let wrong = verify_code(&app.client().header("x-request-id", "r"), email, "000000").await;
        answers.push(("wrong", wrong.status, wrong.headers.len()));
    }
    assert_eq!(answers[..3], answers[3..]);
    let lines = app.request_lines();
    let queries = |path: &str| -> Vec<_> {
        let of_path = lines.iter().filter(|line| line["path"] == path);
        of_path.map(|line| line["queries"].clone()).collect()
    };
    for path in [LINK, CODE, VERIFY_CODE] {
        let counts = queries(path);
        assert!(counts.len() == 2 && counts[0] == counts[1], "{path}: {counts:?}");
    }
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 2, "only to the account");
}

async fn trap_19_a_link_used_twice_at_once_signs_in_once(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let (browser, token) = request_link(app, &ann.email).await;
    let answers = join_all((0..8).map(|_| verify(&browser, &token))).await;
    let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(signed_in, 1, "{answers:?}");
}

async fn trap_10_a_link_takes_the_account_from_the_client_that_registered_it(app: &TestApp) {
    let mallory = app.customer("victim").await;
    let (browser, token) = request_link(app, "victim@example.com").await;
    let answer = verify(&browser, &token).await.expect(200);
    assert_eq!(answer.data()["user"]["id"], json!(mallory.id));
    assert_eq!(answer.data()["user"]["emailVerified"], true);
    mallory
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    let body = json!({"email": mallory.email, "password": mallory.password});
    app.client()
        .post("/api/auth/login", body)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let access = answer.data()["accessToken"].as_str().unwrap().to_owned();
    app.client()
        .bearer(&access)
        .get("/api/users/me")
        .await
        .expect(200);
}

async fn a_code_signs_in_once(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let code = request_code(app, &ann.email).await;
    let client = app.client();
    verify_code(&client, "bob@example.com", &code)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let answer = verify_code(&client, "ANN@example.com", &spaced).await.expect(200);
    assert_eq!(answer.data()["user"]["id"], json!(ann.id));
    verify_code(&client, &ann.email, &code)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    for bad in ["", "12345", "1234567", "12345a", "１２３４５６"] {
        let answer = verify_code(&client, &ann.email, bad).await;
        let errors = answer.expect_error(400, "VALIDATION_FAILED").validation_errors();
        assert_eq!(errors, ["code FORMAT"]);
    }
    let late = request_code(app, &ann.email).await;
    app.advance(10 * MINUTE);
    verify_code(&client, &ann.email, &late)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let stored = app.query_raw("SELECT CAST(payload AS TEXT) FROM jobs").await;
    assert!(
        !format!("{stored:?}").contains(&code),
        "no code in the payload of a job"
    );
}

async fn trap_21_a_code_has_five_tries_also_at_the_same_time(app: &TestApp) {
    let (ann, client) = (confirmed(app, "ann").await, app.client());
    let code = request_code(app, &ann.email).await;
    let wrong = other_than(&code);
    for _ in 0..4 {
        verify_code(&client, &ann.email, &wrong).await.expect(401);
    }
    verify_code(&client, &ann.email, &code).await.expect(200);
    let code = request_code(app, &ann.email).await;
    let wrong = other_than(&code);
    join_all((0..20).map(|_| verify_code(&client, &ann.email, &wrong))).await;
    verify_code(&client, &ann.email, &code)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
}

async fn trap_19_a_code_used_twice_at_once_signs_in_once(app: &TestApp) {
    let (ann, other) = (confirmed(app, "ann").await, app.another_node().await);
    let code = request_code(app, &ann.email).await;
    let clients = [app.client(), other.client()];
    let answers = join_all((0..4).map(|number| verify_code(&clients[number % 2], &ann.email, &code))).await;
    let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(signed_in, 1, "{answers:?}");
    other.stop().await;
}

async fn wrong_passwords_use_up_no_tries_at_a_code(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    let client = app.client().header("x-forwarded-for", "198.51.100.66");
    let body = json!({"email": ann.email, "password": "a guess"});
    for _ in 0..10 {
        client.post("/api/auth/login", body.clone()).await.expect(401);
    }
    client
        .post("/api/auth/login", body.clone())
        .await
        .expect_error(429, "LOCKED_OUT");
    // New codes give no new tries beyond those of the account in its network.
    let mut refused = 0;
    for _ in 0..3 {
        let code = request_code(app, &ann.email).await;
        for _ in 0..4 {
            refused += u32::from(verify_code(&client, &ann.email, &other_than(&code)).await.status == 429);
        }
    }
    assert_eq!(refused, 2);
    let home = app.client().header("x-forwarded-for", "203.0.113.5");
    let code = request_code(app, &ann.email).await;
    verify_code(&home, &ann.email, &code).await.expect(200);
    // That sign-in ended the run of failures.
    let code = request_code(app, &ann.email).await;
    verify_code(&home, &ann.email, &code).await.expect(200);
}

async fn a_mailbox_is_not_flooded(app: &TestApp) {
    let ann = confirmed(app, "ann").await;
    for _ in 0..8 {
        app.client()
            .post(CODE, json!({"email": ann.email}))
            .await
            .expect(202);
    }
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 5);
}
