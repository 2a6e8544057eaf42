//! Refresh tokens: rotated at each use, returned again to a client that retries; reuse ends the session.

use crate::{HOUR, MINUTE};
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    each_refresh_returns_the_next_pair;
    a_retry_returns_a_working_pair_with_the_same_refresh_token;
    trap_19_refresh_token_reuse_ends_the_session;
    concurrent_uses_of_a_refresh_token_count_as_a_retry;
    forged_and_foreign_tokens_are_refused;
    a_secret_of_one_session_is_refused_for_another;
    an_unused_session_expires;
    a_refresh_applies_the_current_role_and_status;
}

async fn refresh(app: &TestApp, token: &str) -> mainstay_testkit::Answer {
    app.client()
        .post("/api/auth/refresh", json!({"refreshToken": token}))
        .await
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

async fn each_refresh_returns_the_next_pair(app: &TestApp) {
    let mut ann = app.customer("ann").await;
    for _ in 0..5 {
        app.advance(10 * MINUTE);
        let next = ann.refreshed().await;
        assert_ne!(next.refresh, ann.refresh);
        assert_ne!(next.access, ann.access);
        next.get("/api/users/me").await.expect(200);
        ann = next;
    }
}

async fn a_retry_returns_a_working_pair_with_the_same_refresh_token(app: &TestApp) {
    let ann = app.customer("ann").await;
    let first = refresh(app, &ann.refresh).await.expect(200).data();
    app.advance(MINUTE);
    // The answer was lost: the client requests it again, twice.
    for _ in 0..2 {
        let again = refresh(app, &ann.refresh).await.expect(200).data();
        assert_eq!(again["refreshToken"], first["refreshToken"]);
        app.client()
            .bearer(text(&again["accessToken"]))
            .get("/api/users/me")
            .await
            .expect(200);
    }
    let next = refresh(app, text(&first["refreshToken"]))
        .await
        .expect(200)
        .data();
    app.client()
        .bearer(text(&next["accessToken"]))
        .get("/api/users/me")
        .await
        .expect(200);
}

async fn trap_19_refresh_token_reuse_ends_the_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    let second = ann.refreshed().await;
    let third = second.refreshed().await;
    third.get("/api/users/me").await.expect(200);
    let replay = refresh(app, &ann.refresh).await.expect_error(401, "TOKEN_REUSED");
    assert!(
        replay
            .header("www-authenticate")
            .is_some_and(|challenge| challenge.contains("invalid_token"))
    );
    // Which of the two clients is the thief is unknown, so neither keeps its session.
    for access in [&ann, &second, &third] {
        access
            .get("/api/users/me")
            .await
            .expect_error(401, "TOKEN_REVOKED");
    }
    refresh(app, &third.refresh)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    elsewhere.get("/api/users/me").await.expect(200);
    elsewhere.refreshed().await;

    let trail = app
        .admin()
        .await
        .get("/api/audit?action=TOKEN_REUSED")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 1);
    app.engine().security().flush().await.unwrap();
    let events = app
        .admin()
        .await
        .get("/api/security-events")
        .await
        .expect(200)
        .list();
    assert!(
        events.iter().any(|event| event["type"] == "refresh_token_reused"),
        "{events:?}"
    );
}

async fn concurrent_uses_of_a_refresh_token_count_as_a_retry(app: &TestApp) {
    let ann = app.customer("ann").await;
    let answers = futures_util::future::join_all((0..6).map(|_| refresh(app, &ann.refresh))).await;
    let successors: Vec<Value> = answers
        .into_iter()
        .map(|answer| answer.expect(200).data()["refreshToken"].take())
        .collect();
    assert!(
        successors.iter().all(|next| *next == successors[0]),
        "{successors:?}"
    );
    refresh(app, text(&successors[0])).await.expect(200);
}

async fn forged_and_foreign_tokens_are_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    let body = ann.refresh.strip_prefix("mrt_").unwrap();
    let raw = mainstay_platform::crypto::from_base64url(body).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = raw.clone();
        change(&mut bytes);
        format!("mrt_{}", mainstay_platform::crypto::base64url(&bytes))
    };
    let forged = [
        with(&|bytes| bytes[19] += 1),
        with(&|bytes| bytes[51] ^= 1),
        with(&|bytes| bytes[15] ^= 1),
        with(&|bytes| bytes[20..].fill(0)),
        String::new(),
        "mrt_".to_owned(),
        body.to_owned(),
        format!("{} ", ann.refresh),
        format!("{}=", ann.refresh),
        "x".repeat(10_000),
    ];
    for token in forged {
        let answer = refresh(app, &token).await;
        assert!(
            matches!(
                (answer.status, answer.code().as_str()),
                (401, "TOKEN_INVALID") | (400, _)
            ),
            "{answer:?}"
        );
    }
    ann.refreshed().await;
}

async fn a_secret_of_one_session_is_refused_for_another(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let parts = |person: &TestUser| {
        mainstay_platform::crypto::from_base64url(person.refresh.strip_prefix("mrt_").unwrap()).unwrap()
    };
    // The session id of Bob's token with the secret of Ann's.
    let mixed = [&parts(&bob)[..20], &parts(&ann)[20..]].concat();
    let mixed = format!("mrt_{}", mainstay_platform::crypto::base64url(&mixed));
    refresh(app, &mixed).await.expect_error(401, "TOKEN_INVALID");
    bob.refreshed().await;
    ann.refreshed().await;
}

async fn an_unused_session_expires(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    app.advance(6 * 24 * HOUR);
    let bob = bob.refreshed().await;
    app.advance(24 * HOUR);
    refresh(app, &ann.refresh)
        .await
        .expect_error(401, "TOKEN_EXPIRED");
    bob.refreshed().await;
}

async fn a_refresh_applies_the_current_role_and_status(app: &TestApp) {
    let ann = app.customer("ann").await;
    let admin = app.admin().await;
    admin
        .put(&format!("/api/users/{}/role", ann.id), json!({"role": "support"}))
        .await
        .expect(200);
    let next = ann.refreshed().await;
    assert_eq!(crate::jwt::Jwt::of(&next.access).claims["role"], "support");
    admin
        .patch(&format!("/api/users/{}", ann.id), json!({"status": "disabled"}))
        .await
        .expect(200);
    let answer = refresh(app, &next.refresh).await;
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
}
