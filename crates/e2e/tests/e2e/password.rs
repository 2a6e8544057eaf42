//! Passwords: forgotten, reset, changed.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_forgotten_password_is_reset_by_a_link;
    trap_11_a_forgotten_password_does_not_reveal_whether_an_address_has_an_account;
    a_reset_link_works_once_even_when_raced;
    a_changed_password_ends_the_other_sessions;
    a_new_password_is_checked_with_the_words_of_the_account;
    a_disabled_account_gets_no_link;
}

const FORGOT: &str = "/api/auth/password/forgot";
const RESET: &str = "/api/auth/password/reset";
const CHANGE: &str = "/api/auth/password/change";
const NEW: &str = "a brand new password";

/// Requests a link for an address, and takes its token out of the mail.
async fn link(app: &TestApp, email: &str) -> String {
    app.client()
        .post(FORGOT, json!({"email": email}))
        .await
        .expect(202);
    app.run_jobs().await;
    let mail = app.mailbox.messages().pop().expect("a mail");
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        (email, "Set a new password")
    );
    let (_, token) = mail.text.split_once("/reset-password#").expect("a link");
    token.split_whitespace().next().unwrap().to_owned()
}

fn reset(token: &str, password: &str) -> Value {
    json!({"token": token, "password": password})
}

async fn a_forgotten_password_is_reset_by_a_link(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (earlier, token) = (link(app, &ann.email).await, link(app, &ann.email).await);
    app.client().post(RESET, reset(&token, NEW)).await.expect(204);
    ann.get("/api/users/me").await.expect_error(401, "TOKEN_REVOKED");
    let refresh = json!({"refreshToken": ann.refresh});
    app.client()
        .post("/api/auth/refresh", refresh)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    let old = json!({"email": ann.email, "password": ann.password});
    app.client()
        .post("/api/auth/login", old)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    app.sign_in(&ann.email, NEW)
        .await
        .get("/api/users/me")
        .await
        .expect(200);
    for used in [&token, &earlier] {
        app.client()
            .post(RESET, reset(used, "yet another one"))
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    app.run_jobs().await;
    let mail = app.mailbox.messages().pop().unwrap();
    assert_eq!(mail.subject, "Your password was changed");
    assert!(!mail.text.contains(NEW) && !mail.text.contains('#'), "{mail:?}");
    // A link of an hour ago.
    let token = link(app, &ann.email).await;
    app.advance(crate::HOUR);
    app.client()
        .post(RESET, reset(&token, NEW))
        .await
        .expect_error(401, "TOKEN_INVALID");
}

async fn trap_11_a_forgotten_password_does_not_reveal_whether_an_address_has_an_account(app: &TestApp) {
    let ann = app.customer("ann").await;
    let ask = async |email: &str| {
        let client = app.client().header("x-request-id", "r");
        let answer = client.post(FORGOT, json!({"email": email})).await.expect(202);
        let mut headers = answer.headers.clone();
        headers.remove("date");
        (answer.text(), headers)
    };
    assert_eq!(ask(&ann.email).await, ask("unknown@example.com").await);
    let lines = app.request_lines();
    let queries: Vec<_> = lines
        .iter()
        .filter(|line| line["path"] == FORGOT)
        .map(|line| &line["queries"])
        .collect();
    assert_eq!(queries.len(), 2);
    assert_eq!(queries[0], queries[1], "the same work");
    app.run_jobs().await;
    let mails = app.mailbox.messages();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to.as_str(), ann.email);
}

async fn a_reset_link_works_once_even_when_raced(app: &TestApp) {
    let ann = app.customer("ann").await;
    let token = link(app, &ann.email).await;
    let uses = (0..5).map(|number| {
        let (client, body) = (app.client(), reset(&token, &format!("a new password {number}")));
        async move { client.post(RESET, body).await.status }
    });
    let mut statuses = futures_util::future::join_all(uses).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401, 401, 401, 401]);
    app.run_jobs().await;
}

async fn a_changed_password_ends_the_other_sessions(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.sign_in(&ann.email, &ann.password).await;
    let token = link(app, &ann.email).await;
    let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    ann.post(CHANGE, change("not her password", NEW))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    other.get("/api/users/me").await.expect(200);
    ann.post(CHANGE, change(&ann.password, NEW)).await.expect(204);
    ann.get("/api/users/me").await.expect(200);
    other
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    app.client()
        .post(RESET, reset(&token, "yet another one"))
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.sign_in(&ann.email, NEW).await;
    app.run_jobs().await;
    assert_eq!(
        app.mailbox.messages().pop().unwrap().subject,
        "Your password was changed"
    );
    app.client()
        .post(CHANGE, change(NEW, &ann.password))
        .await
        .expect_error(401, "UNAUTHORIZED");
}

async fn a_new_password_is_checked_with_the_words_of_the_account(app: &TestApp) {
    let ann = app.customer("ann").await;
    let token = link(app, &ann.email).await;
    for bad in ["short", "password", &ann.email, &"x".repeat(1000)] {
        let answer = app.client().post(RESET, reset(&token, bad)).await;
        let errors = answer.expect_error(400, "VALIDATION_FAILED").validation_errors();
        assert!(errors[0].starts_with("password "), "{errors:?}");
        let body = json!({"currentPassword": ann.password, "newPassword": bad});
        let errors = ann
            .post(CHANGE, body)
            .await
            .expect_error(400, "VALIDATION_FAILED")
            .validation_errors();
        assert!(errors[0].starts_with("newPassword "), "{errors:?}");
    }
    // The link was not used up.
    app.client().post(RESET, reset(&token, NEW)).await.expect(204);
    app.run_jobs().await;
}

async fn a_disabled_account_gets_no_link(app: &TestApp) {
    let ann = app.customer("ann").await;
    let token = link(app, &ann.email).await;
    let path = format!("/api/users/{}", ann.id);
    app.admin()
        .await
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    app.client()
        .post(RESET, reset(&token, NEW))
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    app.client()
        .post(FORGOT, json!({"email": ann.email}))
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 1);
}
