//! A user's own sessions: listed, ended one by one, and limited in time.

use crate::{HOUR, MINUTE, SECOND};
use mainstay_testkit::{Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines! {
    the_list_shows_every_sign_in_and_marks_the_current_one;
    one_session_is_ended_and_the_others_stay;
    a_list_by_cursor_is_complete_while_sessions_end;
    an_idle_session_ends_in_every_process with REFRESH_TTL = "2h";
    a_session_ends_at_its_maximum_however_often_it_is_refreshed with SESSION_MAX = "3h";
    the_last_use_is_noted_once_a_minute_and_never_by_the_request;
    a_session_that_was_never_opened_is_refused with JWT_SECRET = "a secret of more than thirty-two bytes";
    a_process_reads_a_session_once;
    signing_out_with_an_expired_access_token_ends_the_session;
    signing_out_without_a_valid_token_is_refused;
    trap_15_another_site_cannot_sign_a_user_out;
}

const SESSIONS: &str = "/api/auth/sessions";
const LOGOUT: &str = "/api/auth/logout";
const ME: &str = "/api/users/me";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async fn refresh(client: &Client, token: &str) -> mainstay_testkit::Answer {
    client
        .anonymous()
        .post("/api/auth/refresh", json!({"refreshToken": token}))
        .await
}

async fn sign_in_as(app: &TestApp, user: &TestUser, agent: &str) -> TestUser {
    let client = app.client().header("user-agent", agent);
    let body = json!({"email": user.email, "password": user.password});
    let answer = client.post("/api/auth/login", body).await.expect(200);
    TestUser::of(&answer, &client, &user.password)
}

/// A browser that signed in by cookies, as its `Cookie` header.
async fn browser(app: &TestApp, user: &TestUser) -> String {
    let body = json!({"email": user.email, "password": user.password, "transport": "cookie"});
    let answer = app.client().post("/api/auth/login", body).await.expect(200);
    let cookies = answer.all("set-cookie");
    let pairs = cookies.iter().filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

async fn the_list_shows_every_sign_in_and_marks_the_current_one(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    app.advance(MINUTE);
    let firefox = sign_in_as(app, &ann, FIREFOX).await;
    app.advance(SECOND);
    let curl = sign_in_as(app, &ann, "curl/8.5.0").await;
    let listed = firefox.get(SESSIONS).await.expect(200).list();
    let column = |name: &str| -> Vec<Value> { listed.iter().map(|session| session[name].clone()).collect() };
    assert_eq!(
        column("device"),
        [json!("curl"), json!("Firefox on Linux"), Value::Null]
    );
    assert_eq!(
        column("userAgent"),
        [json!("curl/8.5.0"), json!(FIREFOX), Value::Null]
    );
    assert_eq!(column("current"), [json!(false), json!(true), json!(false)]);
    assert_eq!(column("flagged"), [json!(false), json!(false), json!(false)]);
    assert_eq!(
        column("method"),
        [json!("password"), json!("password"), json!("registration")]
    );
    assert!(column("ip").iter().all(|ip| *ip == "127.0.0.1"), "{listed:?}");
    assert!(listed[1]["createdAt"].as_str() > listed[2]["createdAt"].as_str());
    assert_eq!(listed[1]["createdAt"], listed[1]["lastSeenAt"]);
    let whole: Value = serde_json::from_slice(&firefox.get(SESSIONS).await.body).unwrap();
    assert_eq!(whole["pagination"]["total"], 3);
    for secret in ["seed", "generation", "mrt_"] {
        assert!(!whole.to_string().contains(secret), "{whole}");
    }
    assert_eq!(bob.get(SESSIONS).await.expect(200).list().len(), 1);
    curl.post_nothing(LOGOUT).await.expect(204);
    assert_eq!(firefox.get(SESSIONS).await.expect(200).list().len(), 2);
    app.client().get(SESSIONS).await.expect_error(401, "UNAUTHORIZED");
}

async fn one_session_is_ended_and_the_others_stay(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let lost = sign_in_as(app, &ann, "lost").await;
    let id = |user: TestUser| async move {
        let listed = user.get(SESSIONS).await.expect(200).list();
        let own = listed.iter().find(|session| session["current"] == true);
        own.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (lost_id, bob_id) = (id(lost.clone()).await, id(bob.clone()).await);
    let path = |id: &str| format!("{SESSIONS}/{id}");
    let other = app.another_node().await;
    other.client().bearer(&lost.access).get(ME).await.expect(200);
    // Another account's session does not exist, for an administrator either.
    for stranger in [&bob, &app.admin().await] {
        stranger
            .delete(&path(&lost_id))
            .await
            .expect_error(404, "NOT_FOUND");
    }
    for unknown in [&*bob_id, "01890000-0000-7000-8000-000000000001", "x"] {
        ann.delete(&path(unknown)).await.expect_error(404, "NOT_FOUND");
    }
    ann.delete(&path(&lost_id)).await.expect(204);
    lost.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    refresh(&app.client(), &lost.refresh)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.engine.access().sync().await.unwrap();
    other
        .client()
        .bearer(&lost.access)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.stop().await;
    ann.delete(&path(&lost_id)).await.expect_error(404, "NOT_FOUND");
    ann.get(ME).await.expect(200);
    bob.get(ME).await.expect(200);
    let trail = app
        .admin()
        .await
        .get("/api/audit?action=REVOKE")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 1);
    assert_eq!(
        (&trail[0]["userId"], &trail[0]["resourceId"]),
        (&json!(ann.id), &json!(lost_id))
    );
    ann.delete(&path(&id(ann.clone()).await)).await.expect(204);
    ann.get(ME).await.expect_error(401, "TOKEN_REVOKED");
}

async fn a_list_by_cursor_is_complete_while_sessions_end(app: &TestApp) {
    let ann = app.customer("ann").await;
    // All within one instant of the test's clock.
    for number in 0..9 {
        sign_in_as(app, &ann, &format!("device{number}")).await;
    }
    let before = ann.get(&format!("{SESSIONS}?limit=50")).await.expect(200).list();
    let ids = |sessions: &[Value]| -> Vec<String> {
        sessions
            .iter()
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ids(&before);
    assert_eq!(all.len(), 10);
    // They are in no particular order, and the one that asks must not end.
    let own = before.iter().find(|session| session["current"] == true).unwrap();
    let own = own["id"].as_str().unwrap();
    let another = |ids: &[String]| ids.iter().find(|id| *id != own).unwrap().clone();
    let (shown, to_come) = (another(&all[..3]), another(&all[5..]));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = ann
            .get(&format!("{SESSIONS}?limit=3&cursor={cursor}"))
            .await
            .expect(200);
        let page = ids(&answer.list());
        // One that was shown ends, and one that is yet to come.
        if seen.is_empty() {
            for id in [&shown, &to_come] {
                ann.delete(&format!("{SESSIONS}/{id}")).await.expect(204);
            }
        }
        seen.extend(page);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        match body["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(
        seen.len(),
        seen.iter().collect::<BTreeSet<_>>().len(),
        "none is shown twice"
    );
    let expected: Vec<_> = all.iter().filter(|id| **id != to_come).collect();
    assert_eq!(
        seen.iter().collect::<Vec<_>>(),
        expected,
        "every one that lived is shown"
    );
}

async fn an_idle_session_ends_in_every_process(app: &TestApp) {
    let other = app.another_node_with(&[("REFRESH_TTL", "2h")]).await;
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    app.advance(2 * HOUR - SECOND);
    let bob = TestUser::of(
        &refresh(&other.client(), &bob.refresh).await.expect(200),
        &app.client(),
        &bob.password,
    );
    assert_eq!(bob.get(SESSIONS).await.expect(200).list().len(), 1);
    app.advance(SECOND);
    for client in [app.client(), other.client()] {
        refresh(&client, &ann.refresh)
            .await
            .expect_error(401, "TOKEN_EXPIRED");
    }
    refresh(&app.client(), &bob.refresh).await.expect(200);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(
        ann.get(SESSIONS).await.expect(200).list().len(),
        1,
        "an expired session is not listed"
    );
    other.stop().await;
}

async fn a_session_ends_at_its_maximum_however_often_it_is_refreshed(app: &TestApp) {
    let other = app.another_node_with(&[("SESSION_MAX", "3h")]).await;
    let start = app.now();
    let mut ann = app.customer("ann").await;
    let nodes = [app.client(), other.client()];
    let end = start.after(3 * HOUR).to_string();
    for round in 0..17 {
        app.advance(10 * MINUTE);
        let answer = refresh(&nodes[round % 2], &ann.refresh).await.expect(200);
        assert_eq!(answer.data()["refreshExpiresAt"], json!(end), "{answer:?}");
        ann = TestUser::of(&answer, &app.client(), &ann.password);
    }
    // Ten minutes before the end, neither token outlives it.
    let last = refresh(&nodes[0], &ann.refresh).await.expect(200);
    assert_eq!(last.data()["expiresAt"], json!(end));
    let last = TestUser::of(&last, &app.client(), &ann.password);
    app.advance(10 * MINUTE - SECOND);
    last.get(ME).await.expect(200);
    app.advance(SECOND);
    for node in &nodes {
        node.bearer(&last.access)
            .get(ME)
            .await
            .expect_error(401, "TOKEN_EXPIRED");
        refresh(node, &last.refresh)
            .await
            .expect_error(401, "TOKEN_EXPIRED");
    }
    let again = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(again.get(SESSIONS).await.expect(200).list().len(), 1);
    other.stop().await;
}

async fn the_last_use_is_noted_once_a_minute_and_never_by_the_request(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let seen = async |user: &TestUser| {
        let listed = user.get(SESSIONS).await.expect(200).list();
        listed[0]["lastSeenAt"].as_str().unwrap().to_owned()
    };
    let flush = async || app.engine().last_seen().flush().await.unwrap();
    assert_eq!(flush().await, 0);
    let opened = seen(&ann).await;
    assert_eq!(flush().await, 0, "it was opened within the minute");
    app.advance(5 * MINUTE);
    for _ in 0..3 {
        assert_eq!(seen(&ann).await, opened, "the request itself writes nothing");
    }
    let now = app.now();
    assert_eq!(flush().await, 1, "of Ann's only, and once");
    assert_eq!(seen(&ann).await, now.to_string());
    app.advance(59 * SECOND);
    seen(&ann).await;
    assert_eq!(flush().await, 0, "not twice within a minute");
    app.advance(SECOND);
    // Many sessions are written in one go, those of another process too, and an ended one is not.
    let other = app.another_node().await;
    other.client().bearer(&bob.access).get(ME).await.expect(200);
    assert_eq!(other.engine.last_seen().flush().await.unwrap(), 1);
    let mut many = Vec::new();
    for number in 0..12 {
        many.push(sign_in_as(app, &ann, &format!("device{number}")).await);
    }
    app.advance(MINUTE);
    for user in &many {
        user.get(ME).await.expect(200);
    }
    many[0].post_nothing(LOGOUT).await.expect(204);
    assert_eq!(flush().await, 11);
    other.stop().await;
}

async fn a_session_that_was_never_opened_is_refused(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let sign = |token: &crate::jwt::Jwt| token.hs256(b"a secret of more than thirty-two bytes");
    let real = crate::jwt::Jwt::of(&ann.access);
    app.client().bearer(&sign(&real)).get(ME).await.expect(200);
    let bobs = crate::jwt::Jwt::of(&bob.access);
    // Who has the key makes tokens with valid signatures: of no session, and of another account's.
    let forged = [
        real.clone()
            .claim("sid", "01890000-0000-7000-8000-000000000001")
            .claim("role", "admin"),
        real.clone().claim("sid", bobs.claims["sid"].clone()),
        bobs.clone().claim("sub", real.claims["sub"].clone()),
    ];
    let other = app
        .another_node_with(&[("JWT_SECRET", "a secret of more than thirty-two bytes")])
        .await;
    for client in [app.client(), other.client()] {
        for token in &forged {
            client
                .bearer(&sign(token))
                .get(ME)
                .await
                .expect_error(401, "TOKEN_INVALID");
        }
        for user in [&ann, &bob] {
            client.bearer(&user.access).get(ME).await.expect(200);
        }
    }
    other.stop().await;
}

async fn a_process_reads_a_session_once(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let other = app.another_node().await;
    let there = other.client().bearer(&ann.access);
    there.get(ME).await.expect(200);
    let renewed = ann.refreshed().await;
    app.execute_raw(
        "DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = 'ann@example.com')",
    )
    .await;
    // A process that knows the session does not look again, for its next token either; one that does not, does.
    there.get(ME).await.expect(200);
    other.client().bearer(&renewed.access).get(ME).await.expect(200);
    let fresh = app.another_node().await;
    for token in [&ann.access, &renewed.access] {
        fresh
            .client()
            .bearer(token)
            .get(ME)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    fresh.stop().await;
    // One that ended before this process saw it is refused, although its token has not expired.
    bob.post_nothing(LOGOUT).await.expect(204);
    other
        .client()
        .bearer(&bob.access)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.stop().await;
}

async fn signing_out_with_an_expired_access_token_ends_the_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (by_body, by_both) = (sign_in_as(app, &ann, "a").await, sign_in_as(app, &ann, "b").await);
    let cookies = browser(app, &ann).await;
    app.advance(16 * MINUTE);
    let cookie_client = app.client().header("cookie", &cookies);
    cookie_client.get(ME).await.expect_error(401, "TOKEN_EXPIRED");
    let answer = cookie_client.post_nothing(LOGOUT).await.expect(204);
    let cleared = answer.all("set-cookie");
    assert_eq!(cleared.len(), 2, "{cleared:?}");
    assert!(
        cleared.iter().all(|cookie| cookie.contains("Max-Age=0")),
        "{cleared:?}"
    );
    cookie_client
        .post_nothing("/api/auth/refresh")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    // Once more is no error: the client has what it wants.
    cookie_client.post_nothing(LOGOUT).await.expect(204);

    let renewal = |user: &TestUser| json!({"refreshToken": user.refresh});
    app.client().post(LOGOUT, renewal(&by_body)).await.expect(204);
    refresh(&app.client(), &by_body.refresh)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    by_both.post(LOGOUT, renewal(&by_both)).await.expect(204);
    refresh(&app.client(), &by_both.refresh)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    // The others live on, and two sessions that are presented together end together.
    let ann = ann.refreshed().await;
    let other = sign_in_as(app, &ann, "c").await;
    ann.post(LOGOUT, renewal(&other)).await.expect(204);
    for ended in [&ann, &other] {
        ended.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    }
}

async fn signing_out_without_a_valid_token_is_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    let forged = format!("{}x", &ann.refresh[..ann.refresh.len() - 1]);
    for (body, code) in [
        (json!({}), "UNAUTHORIZED"),
        (json!({"refreshToken": forged}), "TOKEN_INVALID"),
        (json!({"refreshToken": "junk"}), "TOKEN_INVALID"),
        (json!({"refreshToken": ann.access}), "TOKEN_INVALID"),
    ] {
        app.client().post(LOGOUT, body).await.expect_error(401, code);
    }
    app.client()
        .bearer("junk")
        .post_nothing(LOGOUT)
        .await
        .expect_error(401, "TOKEN_INVALID");
    ann.get(ME).await.expect(200);
    app.advance(16 * MINUTE);
    ann.post_nothing(LOGOUT).await.expect_error(401, "TOKEN_EXPIRED");
    ann.refreshed().await;
}

async fn trap_15_another_site_cannot_sign_a_user_out(app: &TestApp) {
    let ann = app.customer("ann").await;
    let cookies = browser(app, &ann).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let page = app.client().header("cookie", &cookies).header(name, value);
        page.post_nothing(LOGOUT).await.expect_error(403, "CSRF_FAILED");
        // A token that is not valid is no proof that the client itself sent the request.
        page.bearer("junk")
            .post_nothing(LOGOUT)
            .await
            .expect_error(403, "CSRF_FAILED");
        page.header("x-access-token", "junk")
            .post_nothing(LOGOUT)
            .await
            .expect_error(403, "CSRF_FAILED");
    }
    app.client().header("cookie", &cookies).get(ME).await.expect(200);
}
