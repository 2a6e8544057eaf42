//! Confirming addresses: registration, change of address, and accounts that strangers registered.

use mainstay_testkit::{Answer, Client, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    the_owner_of_an_account_confirms_the_address_and_keeps_the_password;
    a_link_works_once_even_when_raced;
    a_link_to_a_former_address_is_refused;
    a_link_mailed_before_an_administrator_changed_the_address_is_refused;
    trap_10_a_password_of_a_stranger_is_gone_when_the_owner_confirms_the_address;
    trap_10_a_password_of_a_stranger_is_gone_when_the_owner_resets_it;
    trap_10_a_stranger_cannot_move_an_account_to_the_address_of_another;
    a_new_address_is_confirmed_there_and_the_former_one_is_informed;
    a_taken_address_is_answered_like_a_free_one;
    mails_are_limited_for_each_account;
    an_account_is_not_used_before_its_address_is_confirmed with VERIFY_EMAIL = "required";
    trap_11_registration_does_not_reveal_whether_an_address_has_an_account with VERIFY_EMAIL = "required";
    mails_are_in_the_language_of_the_account;
    opening_a_link_changes_nothing;
}

const REGISTER: &str = "/api/auth/register";
const LOGIN: &str = "/api/auth/login";
const VERIFY: &str = "/api/auth/email/verify";
const CHANGE: &str = "/api/auth/email/change";
const RESEND: &str = "/api/auth/email/resend";
const PASSWORD: &str = "walks in the rain";

fn registration(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": PASSWORD, "name": name})
}

/// Registers an account and sends its mail; returns a client that is signed in to it.
async fn registered(app: &TestApp, name: &str) -> Client {
    let answer = app.client().post(REGISTER, registration(name)).await.expect(201);
    app.run_jobs().await;
    let access = answer.data()["accessToken"].as_str().unwrap().to_owned();
    app.client().bearer(&access)
}

/// The token with a prefix in the last mail to an address.
pub(crate) fn token(app: &TestApp, to: &str, prefix: &str) -> String {
    let messages = app.mailbox.messages();
    let found = messages.iter().rev().find_map(|message| {
        let (_, token) = message.text.split_once(&format!("#{prefix}"))?;
        let token = token.split_whitespace().next()?;
        (message.to.as_str() == to).then(|| format!("{prefix}{token}"))
    });
    found.unwrap_or_else(|| panic!("no {prefix} for {to} in {messages:?}"))
}

/// The subjects of the mails to an address.
pub(crate) fn subjects(app: &TestApp, to: &str) -> Vec<String> {
    let messages = app.mailbox.messages().into_iter();
    messages
        .filter(|message| message.to.as_str() == to)
        .map(|message| message.subject)
        .collect()
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.client()
        .post(LOGIN, json!({"email": email, "password": password}))
        .await
}

async fn the_owner_of_an_account_confirms_the_address_and_keeps_the_password(app: &TestApp) {
    let ann = registered(app, "ann").await;
    assert_eq!(subjects(app, "ann@example.com"), ["Confirm your e-mail address"]);
    let link = token(app, "ann@example.com", "mve_");
    // With a session of the account.
    let answer = ann.post(VERIFY, json!({"token": link})).await.expect(200);
    assert_eq!(
        answer.data(),
        json!({"email": "ann@example.com", "passwordRemoved": false})
    );
    assert_eq!(
        ann.get("/api/users/me").await.expect(200).data()["emailVerified"],
        true
    );
    sign_in(app, "ann@example.com", PASSWORD).await.expect(200);
    ann.post_nothing(RESEND).await.expect_error(409, "INVALID_STATE");
    // With the password, on another device.
    let bob = registered(app, "bob").await;
    let link = token(app, "bob@example.com", "mve_");
    app.client()
        .post(VERIFY, json!({"token": link, "password": "not his password"}))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let answer = app
        .client()
        .post(VERIFY, json!({"token": link, "password": PASSWORD}))
        .await;
    assert_eq!(answer.expect(200).data()["passwordRemoved"], false);
    assert_eq!(
        bob.get("/api/users/me").await.expect(200).data()["emailVerified"],
        true
    );
    app.run_jobs().await;
}

async fn a_link_works_once_even_when_raced(app: &TestApp) {
    let ann = registered(app, "ann").await;
    let link = token(app, "ann@example.com", "mve_");
    let uses = (0..5).map(|_| {
        let (client, body) = (ann.clone(), json!({"token": link}));
        async move { client.post(VERIFY, body).await.status }
    });
    let mut statuses = futures_util::future::join_all(uses).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401]);
    for bad in [&link, "", "mve_", "mce_x", "rubbish", &"x".repeat(5000)] {
        let answer = ann.post(VERIFY, json!({"token": bad})).await;
        answer.expect_error(401, "TOKEN_INVALID");
    }
    // Another kind of token is none, and neither is one that has expired.
    let bob = registered(app, "bob").await;
    app.client()
        .post("/api/auth/password/forgot", json!({"email": "bob@example.com"}))
        .await
        .expect(202);
    app.run_jobs().await;
    let reset = token(app, "bob@example.com", "mrp_");
    bob.post(VERIFY, json!({"token": reset}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    let link = token(app, "bob@example.com", "mve_");
    app.advance(crate::HOUR * 24);
    let body = json!({"token": link, "password": PASSWORD});
    app.client()
        .post(VERIFY, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
}

async fn a_link_to_a_former_address_is_refused(app: &TestApp) {
    let ann = registered(app, "ann").await;
    let id = ann.get("/api/users/me").await.data()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let link = token(app, "ann@example.com", "mve_");
    let admin = app.admin().await;
    let body = json!({"email": "ann@elsewhere.example"});
    admin.patch(&format!("/api/users/{id}"), body).await.expect(200);
    ann.post(VERIFY, json!({"token": link}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.leave_jobs();
}

async fn trap_10_a_password_of_a_stranger_is_gone_when_the_owner_confirms_the_address(app: &TestApp) {
    // The stranger registers the address of the victim, and stays signed in.
    let stranger = registered(app, "victim").await;
    let body = json!({"email": "stranger@evil.example", "password": PASSWORD});
    stranger.post(CHANGE, body).await.expect(202);
    app.run_jobs().await;
    let takeover = token(app, "stranger@evil.example", "mce_");
    // The victim opens the link in the mail, without a session and without knowing the password.
    let link = token(app, "victim@example.com", "mve_");
    let answer = app
        .client()
        .post(VERIFY, json!({"token": link}))
        .await
        .expect(200);
    assert_eq!(
        answer.data(),
        json!({"email": "victim@example.com", "passwordRemoved": true})
    );
    stranger
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    sign_in(app, "victim@example.com", PASSWORD)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    // The change of address that the stranger began is dead as well.
    let body = json!({"token": takeover, "password": PASSWORD});
    app.client()
        .post(VERIFY, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    // The victim chooses a password.
    app.run_jobs().await;
    let reset = token(app, "victim@example.com", "mrp_");
    let body = json!({"token": reset, "password": "a password of her own"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect(204);
    let victim = sign_in(app, "victim@example.com", "a password of her own")
        .await
        .expect(200);
    assert_eq!(victim.data()["user"]["emailVerified"], true);
    app.run_jobs().await;
}

async fn a_link_mailed_before_an_administrator_changed_the_address_is_refused(app: &TestApp) {
    let ann = registered(app, "ann").await;
    let body = json!({"email": "ann@example.com"});
    app.client()
        .post("/api/auth/password/forgot", body)
        .await
        .expect(202);
    ann.post(
        CHANGE,
        json!({"email": "ann@third.example", "password": PASSWORD}),
    )
    .await
    .expect(202);
    app.run_jobs().await;
    let reset = token(app, "ann@example.com", "mrp_");
    let change = token(app, "ann@third.example", "mce_");
    let id = ann.get("/api/users/me").await.expect(200).data()["id"].clone();
    let path = format!("/api/users/{}", id.as_str().unwrap());
    let admin = app.admin().await;
    // What leaves the address as it is leaves the links.
    admin.patch(&path, json!({"name": "Anna"})).await.expect(200);
    let unused =
        "SELECT CAST(count(*) AS TEXT) FROM one_time_tokens WHERE used_at IS NULL AND user_id IS NOT NULL";
    assert_eq!(app.query_raw(unused).await, [[Some("3".to_owned())]]);
    admin
        .patch(&path, json!({"email": "ann@new.example"}))
        .await
        .expect(200);
    assert_eq!(app.query_raw(unused).await, [[Some("0".to_owned())]]);
    let body = json!({"token": reset, "password": "a password of another"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    ann.post(VERIFY, json!({"token": change}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    let me = ann.get("/api/users/me").await.expect(200).data();
    assert_eq!(
        (&me["email"], &me["emailVerified"]),
        (&json!("ann@new.example"), &json!(false))
    );
}

async fn trap_10_a_password_of_a_stranger_is_gone_when_the_owner_resets_it(app: &TestApp) {
    let stranger = registered(app, "victim").await;
    let body = json!({"email": "victim@example.com"});
    app.client()
        .post("/api/auth/password/forgot", body)
        .await
        .expect(202);
    app.run_jobs().await;
    let reset = token(app, "victim@example.com", "mrp_");
    let body = json!({"token": reset, "password": "a password of her own"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect(204);
    stranger
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    sign_in(app, "victim@example.com", PASSWORD)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let victim = sign_in(app, "victim@example.com", "a password of her own")
        .await
        .expect(200);
    assert_eq!(victim.data()["user"]["emailVerified"], true, "the mail was read");
    app.run_jobs().await;
}

async fn trap_10_a_stranger_cannot_move_an_account_to_the_address_of_another(app: &TestApp) {
    let stranger = registered(app, "stranger").await;
    let body = json!({"email": "victim@example.com", "password": PASSWORD});
    stranger.post(CHANGE, body).await.expect(202);
    app.run_jobs().await;
    // The victim presses the button in the mail.
    let link = token(app, "victim@example.com", "mce_");
    app.client()
        .post(VERIFY, json!({"token": link}))
        .await
        .expect_error(401, "UNAUTHORIZED");
    let me = stranger.get("/api/users/me").await.expect(200).data();
    assert_eq!(
        (&me["email"], &me["emailVerified"]),
        (&json!("stranger@example.com"), &json!(false))
    );
}

async fn a_new_address_is_confirmed_there_and_the_former_one_is_informed(app: &TestApp) {
    let ann = registered(app, "ann").await;
    let request = |email: &str, password: &str| json!({"email": email, "password": password});
    ann.post(CHANGE, request("ann@new.example", "not her password"))
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let same = ann.post(CHANGE, request(" ANN@example.com", PASSWORD)).await;
    assert_eq!(
        same.expect_error(400, "VALIDATION_FAILED").validation_errors(),
        ["email FORMAT"]
    );
    ann.post(CHANGE, json!({"email": "ann@new.example"}))
        .await
        .expect_error(403, "STEP_UP_REQUIRED");
    ann.post(CHANGE, request("ann@new.example", PASSWORD))
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(
        ann.get("/api/users/me").await.data()["email"],
        "ann@example.com",
        "not yet"
    );
    assert_eq!(
        subjects(app, "ann@new.example"),
        ["Confirm your new e-mail address"]
    );
    assert!(subjects(app, "ann@example.com").contains(&"Your e-mail address is about to change".to_owned()));
    let link = token(app, "ann@new.example", "mce_");
    let answer = ann.post(VERIFY, json!({"token": link})).await.expect(200);
    assert_eq!(answer.data()["email"], "ann@new.example");
    let me = ann.get("/api/users/me").await.expect(200).data();
    assert_eq!(
        (&me["email"], &me["emailVerified"]),
        (&json!("ann@new.example"), &json!(true))
    );
    sign_in(app, "ann@example.com", PASSWORD)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    sign_in(app, "ann@new.example", PASSWORD).await.expect(200);
    app.run_jobs().await;
    assert!(subjects(app, "ann@example.com").contains(&"Your e-mail address was changed".to_owned()));
    // A new password stops a change that was requested before.
    ann.post(CHANGE, request("ann@evil.example", PASSWORD))
        .await
        .expect(202);
    app.run_jobs().await;
    let link = token(app, "ann@evil.example", "mce_");
    let body = json!({"currentPassword": PASSWORD, "newPassword": "walks in the sun"});
    ann.post("/api/auth/password/change", body).await.expect(204);
    ann.post(VERIFY, json!({"token": link}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.run_jobs().await;
}

async fn a_taken_address_is_answered_like_a_free_one(app: &TestApp) {
    let ann = registered(app, "ann").await;
    registered(app, "bob").await;
    let ask = async |email: &str| {
        let client = ann.header("x-request-id", "r");
        let answer = client
            .post(CHANGE, json!({"email": email, "password": PASSWORD}))
            .await;
        answer.expect(202).text()
    };
    assert_eq!(ask("bob@example.com").await, ask("carol@example.com").await);
    let lines = app.request_lines();
    let queries: Vec<_> = lines
        .iter()
        .filter(|line| line["path"] == CHANGE)
        .map(|line| &line["queries"])
        .collect();
    assert_eq!(queries.len(), 2);
    assert_eq!(queries[0], queries[1], "the same work");
    app.run_jobs().await;
    assert!(subjects(app, "bob@example.com").contains(&"You have an account already".to_owned()));
    assert_eq!(
        subjects(app, "carol@example.com"),
        ["Confirm your new e-mail address"]
    );
    // An address that is taken between the mail and the click stays with its owner.
    let link = token(app, "carol@example.com", "mce_");
    registered(app, "carol").await;
    ann.post(VERIFY, json!({"token": link}))
        .await
        .expect_error(409, "CONFLICT");
}

async fn mails_are_limited_for_each_account(app: &TestApp) {
    let ann = registered(app, "ann").await;
    // One was sent by the registration.
    let resends = (0..10).map(|_| {
        let client = ann.clone();
        async move { client.post_nothing(RESEND).await }
    });
    let answers = futures_util::future::join_all(resends).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 4, "{answers:?}");
    let refused = answers.into_iter().find(|answer| answer.status != 202).unwrap();
    assert!(
        refused
            .expect_error(429, "RATE_LIMITED")
            .header("retry-after")
            .is_some()
    );
    for _ in 0..10 {
        let body = json!({"email": "ann@example.com"});
        app.client()
            .post("/api/auth/password/forgot", body)
            .await
            .expect(202);
    }
    app.run_jobs().await;
    let of = |subject: &str| {
        subjects(app, "ann@example.com")
            .iter()
            .filter(|known| *known == subject)
            .count()
    };
    assert_eq!(
        (of("Confirm your e-mail address"), of("Set a new password")),
        (5, 5)
    );
    app.advance(crate::HOUR);
    ann.post_nothing(RESEND).await.expect_error(401, "TOKEN_EXPIRED");
    app.client()
        .post("/api/auth/password/forgot", json!({"email": "ann@example.com"}))
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(of("Set a new password"), 6, "an hour later");
}

async fn an_account_is_not_used_before_its_address_is_confirmed(app: &TestApp) {
    app.client().post(REGISTER, registration("ann")).await.expect(202);
    app.run_jobs().await;
    sign_in(app, "ann@example.com", "not her password")
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    sign_in(app, "ann@example.com", PASSWORD)
        .await
        .expect_error(403, "EMAIL_UNVERIFIED");
    let link = token(app, "ann@example.com", "mve_");
    app.client()
        .post(VERIFY, json!({"token": link, "password": PASSWORD}))
        .await
        .expect(200);
    sign_in(app, "ann@example.com", PASSWORD).await.expect(200);
}

async fn trap_11_registration_does_not_reveal_whether_an_address_has_an_account(app: &TestApp) {
    app.client().post(REGISTER, registration("ann")).await.expect(202);
    app.run_jobs().await;
    let hasher = &app.engine().components().hasher;
    let register = async |name: &str| {
        let before = hasher.computed();
        let client = app.client().header("x-request-id", "r");
        let answer = client.post(REGISTER, registration(name)).await.expect(202);
        assert_eq!(hasher.computed(), before + 1, "one hash in either case");
        (answer.text(), answer.header("content-length").map(str::to_owned))
    };
    assert_eq!(register("ann").await, register("bob").await);
    let lines = app.request_lines();
    let queries: Vec<_> = lines
        .iter()
        .filter(|line| line["path"] == REGISTER)
        .map(|line| &line["queries"])
        .collect();
    assert!(
        queries.windows(2).all(|pair| pair[0] == pair[1]),
        "the same work: {queries:?}"
    );
    app.run_jobs().await;
    assert_eq!(
        subjects(app, "ann@example.com"),
        ["Confirm your e-mail address", "You have an account already"]
    );
    assert_eq!(subjects(app, "bob@example.com"), ["Confirm your e-mail address"]);
    // The owner of the account can set a password, which confirms the address.
    let reset = token(app, "ann@example.com", "mrp_");
    let body = json!({"token": reset, "password": "a password of her own"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect(204);
    sign_in(app, "ann@example.com", "a password of her own")
        .await
        .expect(200);
    app.run_jobs().await;
}

async fn mails_are_in_the_language_of_the_account(app: &TestApp) {
    let german = app
        .client()
        .header("accept-language", "fr, de-AT;q=0.8, en;q=0.5");
    german.post(REGISTER, registration("ann")).await.expect(201);
    app.run_jobs().await;
    // Later mails are in the language of the account, whatever the request prefers.
    let english = app.client().header("accept-language", "en");
    let body = json!({"email": "ann@example.com"});
    english.post("/api/auth/password/forgot", body).await.expect(202);
    app.run_jobs().await;
    assert_eq!(
        subjects(app, "ann@example.com"),
        [
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "Setzen Sie ein neues Passwort"
        ]
    );
}

async fn opening_a_link_changes_nothing(app: &TestApp) {
    let ann = registered(app, "ann").await;
    let link = token(app, "ann@example.com", "mve_");
    let mail = app.mailbox.messages().pop().unwrap();
    let url = mail
        .text
        .split_whitespace()
        .find(|word| word.contains('#'))
        .unwrap();
    let (page, fragment) = url.split_once('#').unwrap();
    assert_eq!(fragment, link, "the token is in the fragment only");
    let path = &page[page.find("/verify").unwrap()..];
    for method in ["GET", "HEAD"] {
        let answer = app.client().request(method, path, None).await.expect(200);
        assert!(answer.header("content-security-policy").is_some(), "{answer:?}");
    }
    app.client().get("/reset-password").await.expect(200);
    assert_eq!(ann.get("/api/users/me").await.data()["emailVerified"], false);
    app.client()
        .get(VERIFY)
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    ann.post(VERIFY, json!({"token": link})).await.expect(200);
    // What waits for the worker shows no secret.
    let jobs = app.query_raw("SELECT payload FROM jobs").await;
    assert!(!jobs.is_empty());
    assert!(!format!("{jobs:?}").contains("mve_"), "{jobs:?}");
}
