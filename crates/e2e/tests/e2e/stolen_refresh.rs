//! A stolen refresh token that is used in step with its owner: noticed by who uses it.

use crate::{HOUR, MINUTE};
use mainstay_testkit::{Answer, Client, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_late_retry_of_the_same_client_stays_honest;
    a_thief_in_lockstep_raises_the_alarm with TRUSTED_PROXIES = "127.0.0.1/32";
    a_thief_who_comes_first_raises_the_alarm with TRUSTED_PROXIES = "127.0.0.1/32";
    a_client_that_moves_between_refreshes_raises_none with TRUSTED_PROXIES = "127.0.0.1/32";
    a_strict_deployment_ends_the_session with REFRESH_RETRY = "strict";
}

const REFRESH: &str = "/api/auth/refresh";

async fn refresh(client: &Client, token: &str) -> Answer {
    client.post(REFRESH, json!({"refreshToken": token})).await
}

fn successor(answer: Answer) -> String {
    answer.expect(200).data()["refreshToken"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn client(app: &TestApp, ip: &str, agent: &str) -> Client {
    app.client()
        .header("x-forwarded-for", ip)
        .header("user-agent", agent)
}

async fn session_of(user: &TestUser) -> Value {
    let listed = user.get("/api/auth/sessions").await.expect(200).list();
    listed
        .into_iter()
        .find(|session| session["current"] == true)
        .unwrap()
}

/// The counts of the security events about an account, by kind.
async fn suspicions(app: &TestApp, user: &TestUser, kind: &str) -> i64 {
    app.engine().security().flush().await.unwrap();
    let events = app
        .admin()
        .await
        .get("/api/security-events?limit=100")
        .await
        .expect(200)
        .list();
    let found = events
        .iter()
        .filter(|event| event["type"] == kind && event["userId"] == user.id.as_str());
    found.map(|event| event["count"].as_i64().unwrap()).sum()
}

async fn a_late_retry_of_the_same_client_stays_honest(app: &TestApp) {
    let ann = app.customer("ann").await;
    let lost = successor(refresh(&app.client(), &ann.refresh).await);
    // Days later, the answer is still lost, and the client has no other token.
    for _ in 0..3 {
        app.advance(40 * HOUR);
        assert_eq!(successor(refresh(&app.client(), &ann.refresh).await), lost);
    }
    let next = refresh(&app.client(), &lost).await.expect(200);
    let ann = TestUser::of(&next, &app.client(), &ann.password);
    assert_eq!(session_of(&ann).await["flagged"], false);
    assert_eq!(suspicions(app, &ann, "refresh_token_shared").await, 0);
}

async fn a_thief_in_lockstep_raises_the_alarm(app: &TestApp) {
    let victim = client(app, "198.51.100.7", "Firefox");
    let body = json!({"email": "ann@example.com", "password": "a long walk home", "name": "Ann"});
    let ann = TestUser::of(
        &victim.post("/api/auth/register", body).await.expect(201),
        &victim,
        "a long walk home",
    );
    let thief = client(app, "203.0.113.7", "Firefox");
    assert_eq!(session_of(&ann).await["flagged"], false);
    app.run_jobs().await;
    let mails = app.mailbox.messages().len();
    let mut token = ann.refresh.clone();
    for round in 1..=10 {
        app.advance(MINUTE);
        let next = successor(refresh(&victim, &token).await);
        assert_eq!(
            successor(refresh(&thief, &token).await),
            next,
            "one of them may be honest"
        );
        assert_eq!(
            suspicions(app, &ann, "refresh_token_shared").await,
            round,
            "each round is noticed"
        );
        token = next;
    }
    app.run_jobs().await;
    let mails = app.mailbox.messages().split_off(mails);
    assert_eq!(mails.len(), 1, "one mail a day: {mails:?}");
    assert_eq!(mails[0].subject, "One of your sessions may have been copied");
    assert!(mails[0].text.contains("203.0.113.7"), "{}", mails[0].text);
    let session = session_of(&TestUser::of(
        &refresh(&victim, &token).await.expect(200),
        &victim,
        "",
    ))
    .await;
    assert_eq!(session["flagged"], true);
    let trail = app
        .admin()
        .await
        .get("/api/audit?action=FLAG")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 10);
    assert_eq!(trail[0]["resourceId"], session["id"]);
    // The owner ends it.
    let ann = app.sign_in("ann@example.com", "a long walk home").await;
    let path = format!("/api/auth/sessions/{}", session["id"].as_str().unwrap());
    ann.delete(&path).await.expect(204);
    refresh(&thief, &token).await.expect_error(401, "TOKEN_REVOKED");
}

async fn a_thief_who_comes_first_raises_the_alarm(app: &TestApp) {
    let victim = client(app, "198.51.100.7", "Firefox");
    // Another network, or other software: either is enough.
    for (name, thief) in [
        ("ann", client(app, "198.51.100.7", "curl")),
        ("bob", client(app, "203.0.113.7", "Firefox")),
    ] {
        let user = app.customer(name).await;
        let token = successor(refresh(&victim, &user.refresh).await);
        let next = successor(refresh(&thief, &token).await);
        assert_eq!(successor(refresh(&victim, &token).await), next);
        assert_eq!(suspicions(app, &user, "refresh_token_shared").await, 1, "{name}");
    }
    app.run_jobs().await;
}

async fn a_client_that_moves_between_refreshes_raises_none(app: &TestApp) {
    let ann = app.customer("ann").await;
    let mut token = ann.refresh.clone();
    for (ip, agent) in [
        ("198.51.100.7", "App/1"),
        ("203.0.113.7", "App/1"),
        ("203.0.113.8", "App/2"),
    ] {
        let moving = client(app, ip, agent);
        let next = successor(refresh(&moving, &token).await);
        // The answer was lost, and the network gave the client another address meanwhile.
        let near = client(
            app,
            ip.strip_suffix(|_: char| true)
                .map(|net| format!("{net}9"))
                .as_deref()
                .unwrap(),
            agent,
        );
        assert_eq!(successor(refresh(&near, &token).await), next);
        token = next;
    }
    assert_eq!(suspicions(app, &ann, "refresh_token_shared").await, 0);
    let moved = TestUser::of(
        &refresh(&client(app, "203.0.113.8", "App/2"), &token)
            .await
            .expect(200),
        &app.client(),
        "",
    );
    let session = session_of(&moved).await;
    assert_eq!(
        (&session["flagged"], &session["ip"]),
        (&json!(false), &json!("203.0.113.8"))
    );
}

async fn a_strict_deployment_ends_the_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    let next = successor(refresh(&app.client(), &ann.refresh).await);
    assert_eq!(
        successor(refresh(&app.client(), &ann.refresh).await),
        next,
        "the client itself may retry"
    );
    let thief = app.client().header("user-agent", "thief");
    refresh(&thief, &ann.refresh)
        .await
        .expect_error(401, "TOKEN_REUSED");
    refresh(&app.client(), &next)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    ann.get("/api/users/me").await.expect_error(401, "TOKEN_REVOKED");
    app.run_jobs().await;
    assert_eq!(suspicions(app, &ann, "refresh_token_shared").await, 1);
}
