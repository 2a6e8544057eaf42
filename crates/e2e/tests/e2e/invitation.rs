//! Invitations: accounts that administrators create, and that nothing signs in to before their users accept.

use crate::email::{subjects, token};
use crate::{HOUR, MINUTE};
use mainstay_testkit::{Answer, Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    an_invited_person_chooses_a_password_and_is_signed_in;
    a_browser_accepts_on_the_page_of_the_link;
    trap_11_nothing_signs_in_before_the_invitation_was_accepted;
    an_invited_address_is_not_registered with VERIFY_EMAIL = "required";
    trap_19_an_invitation_is_accepted_once_even_raced;
    an_invitation_ends_with_its_time with INVITATION_TTL = "2h";
    another_invitation_ends_the_earlier_ones;
    an_invitation_ends_when_the_account_changes;
    only_the_user_makes_an_invited_account_usable;
    malformed_and_foreign_tokens_accept_nothing;
    trap_23_a_caller_invites_only_as_a_role_that_they_hold;
    trap_06_an_invitation_sets_what_it_names_and_nothing_else;
    a_taken_address_is_a_conflict_in_every_spelling;
    mails_are_limited_for_each_invited_account;
    a_bad_password_leaves_the_invitation_usable;
}

const USERS: &str = "/api/users";
const ACCEPT: &str = "/api/auth/invitation/accept";
const LOGIN: &str = "/api/auth/login";
const PASSWORD: &str = "walks in the rain";

fn invitation(name: &str, role: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "name": name, "role": role})
}

/// Invites a person and sends the mail; returns the path of the account and the token of the link.
async fn invited(app: &TestApp, by: &Client, name: &str) -> (String, String) {
    let answer = by.post(USERS, invitation(name, "customer")).await.expect(201);
    app.run_jobs().await;
    let path = answer.header("location").unwrap().to_owned();
    (path, link(app, name))
}

/// The token in the last invitation that was mailed to a person.
fn link(app: &TestApp, name: &str) -> String {
    token(app, &format!("{name}@example.com"), "miv_")
}

async fn accept(app: &TestApp, token: &str) -> Answer {
    let body = json!({"token": token, "password": PASSWORD});
    app.client().post(ACCEPT, body).await
}

async fn sign_in(app: &TestApp, name: &str) -> Answer {
    let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    app.client().post(LOGIN, body).await
}

async fn an_invited_person_chooses_a_password_and_is_signed_in(app: &TestApp) {
    let admin = app.admin().await;
    let mut body = invitation("ben", "support");
    body["locale"] = json!("de-AT");
    let created = admin.post(USERS, body).await.expect(201);
    let user = created.data();
    assert_eq!(
        (
            &user["status"],
            &user["role"],
            &user["locale"],
            &user["emailVerified"]
        ),
        (&json!("invited"), &json!("support"), &json!("de"), &json!(false))
    );
    let path = created.header("location").unwrap();
    assert_eq!(path, format!("/api/users/{}", user["id"].as_str().unwrap()));
    assert_eq!(admin.get(path).await.expect(200).etag(), created.etag());
    let listed = admin.get("/api/users?status=invited").await.expect(200).list();
    assert_eq!(listed.len(), 1, "{listed:?}");
    app.run_jobs().await;
    let mail = app.mailbox.messages().pop().unwrap();
    assert!(
        mail.subject.starts_with("Sie sind zu ") && mail.text.contains("7 Tage"),
        "{mail:?}"
    );
    // The name is the caller's choice: it does not reach the reader of a mail who has not accepted.
    assert!(
        !mail.text.contains("ben,") && mail.text.contains("Guten Tag,"),
        "{mail:?}"
    );

    let body = json!({"token": link(app, "ben"), "password": PASSWORD, "name": "Ben Real"});
    let answer = app.client().post(ACCEPT, body.clone()).await.expect(200);
    let ben = TestUser::of(&answer, &app.client(), PASSWORD);
    let me = ben.get("/api/users/me").await.expect(200).data();
    assert_eq!(me["id"], user["id"]);
    assert_eq!(
        (&me["status"], &me["name"], &me["emailVerified"]),
        (&json!("active"), &json!("Ben Real"), &json!(true))
    );
    // The role is in force at once.
    ben.get(USERS).await.expect(200);
    let sessions = ben.get("/api/auth/sessions").await.expect(200).list();
    assert_eq!(sessions[0]["method"], "invitation");
    app.client()
        .post(ACCEPT, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    sign_in(app, "ben").await.expect(200);
    let trail = format!("/api/audit?resource=user&resourceId={}", ben.id);
    let trail = admin.get(&trail).await.expect(200).list();
    let by = |action: &str| {
        let found = trail.iter().find(|entry| entry["action"] == action);
        found.unwrap_or_else(|| panic!("no {action} in {trail:?}"))["userId"].clone()
    };
    assert_eq!(
        (by("CREATE"), by("ACCEPT_INVITATION")),
        (json!(admin.id), json!(ben.id))
    );
    assert!(!json!(trail).to_string().contains("miv_"), "{trail:?}");
    app.run_jobs().await;
}

async fn a_browser_accepts_on_the_page_of_the_link(app: &TestApp) {
    let admin = app.admin().await;
    let (path, token) = invited(app, &admin, "ben").await;
    let mail = app.mailbox.messages().pop().unwrap();
    let url = mail
        .text
        .split_whitespace()
        .find(|word| word.contains('#'))
        .unwrap();
    let (page, fragment) = url.split_once('#').unwrap();
    assert_eq!(fragment, token, "the token is in the fragment only");
    // Programs that scan mail open links: that changes nothing.
    let page = &page[page.find("/invitation").unwrap()..];
    for method in ["GET", "HEAD"] {
        app.client().request(method, page, None).await.expect(200);
    }
    app.client()
        .get(ACCEPT)
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(admin.get(&path).await.expect(200).data()["status"], "invited");
    let body = json!({"token": token, "password": PASSWORD, "transport": "cookie"});
    let answer = app.client().post(ACCEPT, body).await.expect(200);
    assert!(answer.data().get("accessToken").is_none());
    let cookies = answer.all("set-cookie").join("\n");
    assert!(
        cookies.contains("accessToken=") && cookies.contains("HttpOnly"),
        "{cookies}"
    );
}

async fn trap_11_nothing_signs_in_before_the_invitation_was_accepted(app: &TestApp) {
    let at = crate::provider::setting(app).await;
    let admin = app.admin().await;
    let (path, token) = invited(app, &admin, "ann").await;
    let mails = app.mailbox.messages().len();
    // Each way in answers as it does for an address without an account, and sends nothing.
    let address = |email: &str| json!({"email": email});
    for way in ["password/forgot", "magic-link", "email-code"] {
        let way = format!("/api/auth/{way}");
        let client = app.client().header("x-request-id", "r");
        let there = client.post(&way, address("ann@example.com")).await.expect(202);
        let none = client.post(&way, address("none@example.com")).await.expect(202);
        assert_eq!(there.text(), none.text());
    }
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), mails);
    let client = app.client().header("x-request-id", "r");
    for (way, proof) in [
        (LOGIN, json!({"password": PASSWORD})),
        ("/api/auth/email-code/verify", json!({"code": "123456"})),
    ] {
        let answers = ["ann@example.com", "none@example.com"].map(|email| {
            let (client, mut body) = (client.clone(), proof.clone());
            body["email"] = json!(email);
            async move {
                client
                    .post(way, body)
                    .await
                    .expect_error(401, "INVALID_CREDENTIALS")
            }
        });
        let [there, none] = answers;
        assert_eq!(there.await.text(), none.await.text());
    }
    // A provider that vouches for the address, and a registration, are answered as for every account.
    at.sign_in("stub").await.expect_error(409, "CONFLICT");
    let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
    app.client()
        .post("/api/auth/register", body)
        .await
        .expect_error(409, "CONFLICT");
    // The link of the invitation is a token of no other kind.
    for (way, body) in [
        ("magic-link/verify", json!({"token": token, "confirm": true})),
        ("email/verify", json!({"token": token})),
        ("password/reset", json!({"token": token, "password": PASSWORD})),
    ] {
        app.client()
            .post(&format!("/api/auth/{way}"), body)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    for table in [
        "identities",
        "credentials WHERE user_id <> (SELECT id FROM users WHERE role = 'admin')",
    ] {
        assert_eq!(crate::provider::count(app, table).await, "0", "{table}");
    }
    assert_eq!(admin.get(&path).await.expect(200).data()["status"], "invited");
    accept(app, &token).await.expect(200);
    app.run_jobs().await;
}

async fn an_invited_address_is_not_registered(app: &TestApp) {
    let admin = app.admin().await;
    let (_, token) = invited(app, &admin, "ben").await;
    let body = json!({"email": "ben@example.com", "password": "a stranger's choice", "name": "Eve"});
    app.client().post("/api/auth/register", body).await.expect(202);
    app.run_jobs().await;
    assert_eq!(subjects(app, "ben@example.com").len(), 1, "the invitation alone");
    // The acceptance proves the address.
    accept(app, &token).await.expect(200);
    sign_in(app, "ben").await.expect(200);
}

async fn trap_19_an_invitation_is_accepted_once_even_raced(app: &TestApp) {
    let admin = app.admin().await;
    let (path, token) = invited(app, &admin, "ben").await;
    let other = app.another_node().await;
    let uses = (0..6).map(|at| {
        let client = if at % 2 == 0 { app.client() } else { other.client() };
        let body = json!({"token": token, "password": format!("{PASSWORD} {at}")});
        async move { client.post(ACCEPT, body).await }
    });
    let answers = futures_util::future::join_all(uses).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(accepted, 1, "{answers:?}");
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.expect_error(401, "TOKEN_INVALID");
    }
    let sessions = "sessions WHERE user_id <> (SELECT id FROM users WHERE role = 'admin')";
    assert_eq!(crate::provider::count(app, sessions).await, "1");
    assert_eq!(admin.get(&path).await.expect(200).data()["status"], "active");
    other.stop().await;
}

async fn an_invitation_ends_with_its_time(app: &TestApp) {
    let admin = app.admin().await;
    let (_, ben) = invited(app, &admin, "ben").await;
    let (_, cat) = invited(app, &admin, "cat").await;
    assert!(app.mailbox.messages()[0].text.contains("2 hours"), "the setting");
    app.advance(2 * HOUR - MINUTE);
    accept(app, &ben).await.expect(200);
    app.advance(MINUTE);
    accept(app, &cat).await.expect_error(401, "TOKEN_INVALID");
    app.engine().sweeper().prune().await.unwrap();
    accept(app, &cat).await.expect_error(401, "TOKEN_INVALID");
}

async fn another_invitation_ends_the_earlier_ones(app: &TestApp) {
    let admin = app.admin().await;
    let (path, first) = invited(app, &admin, "ben").await;
    let again = format!("{path}/invitation");
    admin.post_nothing(&again).await.expect(202);
    app.run_jobs().await;
    let second = link(app, "ben");
    assert_ne!(first, second);
    accept(app, &first).await.expect_error(401, "TOKEN_INVALID");
    accept(app, &second).await.expect(200);
    admin
        .post_nothing(&again)
        .await
        .expect_error(409, "INVALID_STATE");
    let unknown = "/api/users/0199b1f4-7c00-7000-8000-000000000001/invitation";
    admin.post_nothing(unknown).await.expect_error(404, "NOT_FOUND");
}

async fn an_invitation_ends_when_the_account_changes(app: &TestApp) {
    let admin = app.admin().await;
    // Another address: the link is not the reader's any more, not even when the address comes back.
    let (path, token) = invited(app, &admin, "ben").await;
    admin
        .patch(&path, json!({"email": "ben@elsewhere.example"}))
        .await
        .expect(200);
    accept(app, &token).await.expect_error(401, "TOKEN_INVALID");
    admin
        .patch(&path, json!({"email": "ben@example.com"}))
        .await
        .expect(200);
    accept(app, &token).await.expect_error(401, "TOKEN_INVALID");
    // Another name or language changes nothing for it.
    let (path, token) = invited(app, &admin, "cat").await;
    let change = json!({"name": "Catherine", "locale": "de"});
    admin.patch(&path, change).await.expect(200);
    let accepted = accept(app, &token).await.expect(200).data();
    assert_eq!(accepted["user"]["name"], "Catherine");
    // A deleted account is gone, and its address is free.
    let (path, token) = invited(app, &admin, "dan").await;
    admin.delete(&path).await.expect(204);
    accept(app, &token).await.expect_error(401, "TOKEN_INVALID");
    let left = "one_time_tokens WHERE payload = 'dan@example.com'";
    assert_eq!(crate::provider::count(app, left).await, "0");
    let (_, token) = invited(app, &admin, "dan").await;
    accept(app, &token).await.expect(200);
}

async fn only_the_user_makes_an_invited_account_usable(app: &TestApp) {
    let admin = app.admin().await;
    let (path, token) = invited(app, &admin, "ben").await;
    let status = async |status: &str| admin.patch(&path, json!({"status": status})).await;
    status("active").await.expect_error(409, "INVALID_STATE");
    assert_eq!(status("disabled").await.expect(200).data()["status"], "disabled");
    accept(app, &token).await.expect_error(401, "TOKEN_INVALID");
    let again = format!("{path}/invitation");
    admin
        .post_nothing(&again)
        .await
        .expect_error(409, "INVALID_STATE");
    // Enabled again, it waits for its user as before: the former link stays dead, and a reset sends nothing.
    assert_eq!(status("active").await.expect(200).data()["status"], "invited");
    accept(app, &token).await.expect_error(401, "TOKEN_INVALID");
    let body = json!({"email": "ben@example.com"});
    app.client()
        .post("/api/auth/password/forgot", body)
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(subjects(app, "ben@example.com").len(), 1);
    admin.post_nothing(&again).await.expect(202);
    app.run_jobs().await;
    accept(app, &link(app, "ben")).await.expect(200);
    // An account that was in use is enabled as it was.
    assert_eq!(status("disabled").await.expect(200).data()["status"], "disabled");
    assert_eq!(status("active").await.expect(200).data()["status"], "active");
    sign_in(app, "ben").await.expect(200);
}

async fn malformed_and_foreign_tokens_accept_nothing(app: &TestApp) {
    let admin = app.admin().await;
    let (_, token) = invited(app, &admin, "ben").await;
    app.customer("ann").await;
    let body = json!({"email": "ann@example.com"});
    app.client()
        .post("/api/auth/password/forgot", body)
        .await
        .expect(202);
    app.run_jobs().await;
    let reset = crate::email::token(app, "ann@example.com", "mrp_");
    let renamed = reset.replace("mrp_", "miv_");
    let cut = &token[..token.len() - 1];
    let long = "x".repeat(5000);
    for bad in [
        "",
        "miv_",
        "rubbish",
        cut,
        &reset,
        &renamed,
        &long,
        &token.to_uppercase(),
    ] {
        accept(app, bad).await.expect_error(401, "TOKEN_INVALID");
    }
    let invalid = json!({"token": token, "password": "short", "name": ""});
    let answer = app.client().post(ACCEPT, invalid).await;
    assert_eq!(
        answer.expect_error(400, "VALIDATION_FAILED").validation_errors(),
        ["name REQUIRED", "password LENGTH"]
    );
    accept(app, &token).await.expect(200);
}

async fn trap_23_a_caller_invites_only_as_a_role_that_they_hold(app: &TestApp) {
    let admin = app.admin().await;
    let clerk = crate::role::holder(app, "clerk", &["create:user", "create:order"]).await;
    let ann = app.customer("ann").await;
    ann.post(USERS, invitation("eve", "customer"))
        .await
        .expect_error(403, "FORBIDDEN");
    for role in ["admin", "manager", "support"] {
        clerk
            .post(USERS, invitation("eve", role))
            .await
            .expect_error(403, "FORBIDDEN");
    }
    clerk.post(USERS, invitation("ben", "customer")).await.expect(201);
    clerk.post(USERS, invitation("cat", "clerk")).await.expect(201);
    let unknown = clerk.post(USERS, invitation("eve", "pilot")).await;
    assert_eq!(
        unknown.expect_error(400, "VALIDATION_FAILED").validation_errors(),
        ["role UNKNOWN_ROLE"]
    );
    // What is held for a time is not given without an end.
    let grants = format!("/api/users/{}/permissions", clerk.id);
    let role = json!({"name": "auditor", "permissions": ["read:audit"]});
    admin.post("/api/roles", role).await.expect(201);
    let lent = json!({"permission": "read:audit", "expiresIn": 60});
    admin.post(&grants, lent).await.expect(201);
    clerk
        .post(USERS, invitation("eve", "auditor"))
        .await
        .expect_error(403, "FORBIDDEN");
    // An API key invites as no more than its scopes, whatever its owner holds.
    let key = crate::api_key::key_with(&admin, &["create:user", "create:order"]).await;
    let key = app.client().bearer(&key);
    key.post(USERS, invitation("eve", "admin"))
        .await
        .expect_error(403, "FORBIDDEN");
    key.post(USERS, invitation("dan", "customer")).await.expect(201);
    // Another link is sent only to those whom the caller outranks.
    let answer = admin.post(USERS, invitation("fay", "manager")).await.expect(201);
    let again = format!("{}/invitation", answer.header("location").unwrap());
    clerk.post_nothing(&again).await.expect_error(403, "FORBIDDEN");
    ann.post_nothing(&again).await.expect_error(403, "FORBIDDEN");
    app.client()
        .post_nothing(&again)
        .await
        .expect_error(401, "UNAUTHORIZED");
    admin.post_nothing(&again).await.expect(202);
    app.run_jobs().await;
    let invited = app.mailbox.messages();
    assert!(
        invited.iter().all(|mail| mail.to.as_str() != "eve@example.com"),
        "{invited:?}"
    );
}

async fn trap_06_an_invitation_sets_what_it_names_and_nothing_else(app: &TestApp) {
    let admin = app.admin().await;
    for (field, value) in [
        ("status", json!("active")),
        ("password", json!(PASSWORD)),
        ("permissions", json!(["read:audit"])),
        ("emailVerified", json!(true)),
        ("id", json!("0199b1f4-7c00-7000-8000-000000000001")),
    ] {
        let mut body = invitation("ben", "customer");
        body[field] = value;
        admin
            .post(USERS, body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    let wrong = json!({"email": "ben", "name": "", "role": "No Role", "locale": "xx"});
    let answer = admin
        .post(USERS, wrong)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    let paths: Vec<String> = answer
        .validation_errors()
        .iter()
        .map(|error| error.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(paths, ["email", "locale", "name", "role"]);
    // Only the address and the name have to be given. The language is the one that the request prefers.
    let german = admin.with("accept-language", "de");
    let least = json!({"email": "ben@example.com", "name": "Ben"});
    let user = german.post(USERS, least).await.expect(201).data();
    assert_eq!(
        (&user["role"], &user["locale"]),
        (&json!("customer"), &json!("de"))
    );
    // A repeated request with its key invites once.
    let keyed = admin.with("idempotency-key", "k-1");
    let body = invitation("cat", "customer");
    let first = keyed.post(USERS, body.clone()).await.expect(201);
    let again = keyed.post(USERS, body).await.expect(201);
    assert_eq!(first.data(), again.data());
    app.run_jobs().await;
    assert_eq!(subjects(app, "cat@example.com").len(), 1);
}

async fn a_taken_address_is_a_conflict_in_every_spelling(app: &TestApp) {
    let admin = app.admin().await;
    app.customer("ann").await;
    let (_, token) = invited(app, &admin, "ben").await;
    for email in [
        "ann@example.com",
        " ANN@Example.com",
        "ben@example.com",
        "ＢＥＮ@example.com",
    ] {
        let body = json!({"email": email, "name": "Other"});
        admin.post(USERS, body).await.expect_error(409, "CONFLICT");
    }
    app.run_jobs().await;
    accept(app, &token).await.expect(200);
}

async fn mails_are_limited_for_each_invited_account(app: &TestApp) {
    let admin = app.admin().await;
    // One is sent by the invitation itself.
    let (path, _) = invited(app, &admin, "ben").await;
    let resends = (0..8).map(|_| {
        let (client, path) = (admin.clone(), format!("{path}/invitation"));
        async move { client.post_nothing(&path).await }
    });
    let answers = futures_util::future::join_all(resends).await;
    let accepted = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(accepted, 4, "{answers:?}");
    let refused = answers.into_iter().find(|answer| answer.status != 202).unwrap();
    refused.expect_error(429, "RATE_LIMITED");
    app.run_jobs().await;
    // However many were sent, one works.
    let live = "one_time_tokens WHERE purpose = 'invitation' AND used_at IS NULL";
    assert_eq!(crate::provider::count(app, live).await, "1");
    app.advance(HOUR);
    let admin = app.admin().await;
    admin
        .post_nothing(&format!("{path}/invitation"))
        .await
        .expect(202);
    app.run_jobs().await;
    assert_eq!(subjects(app, "ben@example.com").len(), 6);
}

async fn a_bad_password_leaves_the_invitation_usable(app: &TestApp) {
    let admin = app.admin().await;
    let (_, token) = invited(app, &admin, "bartholomew").await;
    for bad in ["bartholomew", "Bartholomew1", "password1"] {
        let body = json!({"token": token, "password": bad});
        let answer = app.client().post(ACCEPT, body).await;
        let answer = answer.expect_error(400, "VALIDATION_FAILED");
        assert!(
            answer.validation_errors()[0].starts_with("password "),
            "{answer:?}"
        );
    }
    accept(app, &token).await.expect(200);
}
