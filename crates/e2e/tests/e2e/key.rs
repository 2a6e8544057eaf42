//! Signing keys: published, rotated, and replaced by a shared secret where one is configured.

use crate::jwt::Jwt;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_domain::access::SystemCaller;
use mainstay_engine::key::{RotateDueKeys, RotateKeys};
use mainstay_engine::{Command, Engine, RequestContext};
use mainstay_platform::clock::ManualClock;
use mainstay_platform::crypto::from_base64url;
use mainstay_testkit::{Client, TestApp, on_both_engines};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

on_both_engines! {
    only_the_public_key_is_published;
    a_new_key_is_published_before_it_signs;
    a_compromised_key_ends_its_tokens_everywhere_and_no_session;
    an_old_key_gets_one_successor_however_many_workers_check;
    tokens_are_signed_with_es256_where_that_is_chosen with JWT_ALGORITHM = "ES256";
    another_algorithm_takes_over_without_ending_a_session;
    a_rotation_ends_no_session;
    a_process_reads_a_key_that_it_does_not_know;
    a_process_that_just_read_its_keys_reads_them_again_for_a_newer_token;
    a_token_of_a_removed_key_is_refused;
    a_shared_secret_replaces_the_stored_keys with JWT_SECRET = "a secret of more than thirty-two bytes";
}

const ME: &str = "/api/users/me";
const KEYS: &str = "/.well-known/jwks.json";

/// How long a new key is published before it signs.
const LEAD: Duration = Duration::from_mins(10);

async fn run<C: Command>(engine: &Engine, command: C) -> C::Output {
    let operator = RequestContext::system(SystemCaller::OPERATOR);
    let output = engine
        .pipeline()
        .command(&operator, command)
        .await
        .unwrap()
        .output;
    engine.keys().refresh(Duration::MAX).await.unwrap();
    output
}

/// Rotates the keys, and waits until the new one signs.
async fn rotate(app: &TestApp) {
    run(app.engine(), RotateKeys::default()).await;
    app.advance(LEAD);
}

fn kid(token: &str) -> Value {
    Jwt::of(token).header["kid"].clone()
}

async fn published(client: &Client) -> Vec<Value> {
    let answer = client.get(KEYS).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    answer.json()["keys"].as_array().unwrap().clone()
}

async fn a_new_key_is_published_before_it_signs(app: &TestApp) {
    let other = app.another_node().await;
    let before = app.customer("ann").await;
    let rotated = run(app.engine(), RotateKeys::default()).await;
    other.engine.keys().refresh(Duration::ZERO).await.unwrap();
    // Who caches the keys for as long as allowed knows the new one before the first token of it.
    for client in [app.client(), other.client()] {
        let kids: Vec<_> = published(&client)
            .await
            .iter()
            .map(|key| key["kid"].clone())
            .collect();
        assert!(kids.len() == 2 && kids.contains(&json!(rotated.key)), "{kids:?}");
    }
    app.advance(LEAD - SECOND);
    let last = before.refreshed().await;
    assert_eq!(
        kid(&last.access),
        kid(&before.access),
        "the old key signs until then"
    );
    app.advance(SECOND);
    // Both processes switch by the clock, without reading anything.
    let renew = json!({"refreshToken": last.refresh});
    let there = other
        .client()
        .post("/api/auth/refresh", renew)
        .await
        .expect(200)
        .data();
    assert_eq!(kid(there["accessToken"].as_str().unwrap()), json!(rotated.key));
    assert_eq!(kid(&app.customer("bob").await.access), json!(rotated.key));
    last.get(ME).await.expect(200);
    other.stop().await;
}

async fn a_compromised_key_ends_its_tokens_everywhere_and_no_session(app: &TestApp) {
    let other = app.another_node().await;
    let ann = app.customer("ann").await;
    // A rotation is under way: neither the old key nor its successor is trusted any more.
    run(app.engine(), RotateKeys::default()).await;
    for client in [app.client(), other.client()] {
        client.bearer(&ann.access).get(ME).await.expect(200);
    }
    let rotated = run(app.engine(), RotateKeys { compromised: true }).await;
    assert_eq!(
        (rotated.revoked.len(), rotated.retiring.len()),
        (2, 0),
        "{rotated:?}"
    );
    for engine in [app.engine(), &other.engine] {
        engine.keys().refresh(Duration::ZERO).await.unwrap();
    }
    for client in [app.client(), other.client()] {
        client
            .bearer(&ann.access)
            .get(ME)
            .await
            .expect_error(401, "TOKEN_INVALID");
        let kids: Vec<_> = published(&client)
            .await
            .iter()
            .map(|key| key["kid"].clone())
            .collect();
        assert_eq!(kids, [json!(rotated.key)]);
    }
    let next = ann.refreshed().await;
    assert_eq!(kid(&next.access), json!(rotated.key), "the new key signs at once");
    other.client().bearer(&next.access).get(ME).await.expect(200);
    // Nor does a process trust it that starts later, or whose clock is slow.
    let slow = Arc::new(ManualClock::new(app.now().before(20 * SECOND)));
    let late = app.another_node_at(slow).await;
    late.client()
        .bearer(&ann.access)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_INVALID");
    late.client().bearer(&next.access).get(ME).await.expect(200);
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=signing-key")
        .await
        .expect(200)
        .list();
    assert_eq!(trail.len(), 3, "{trail:?}");
    for node in [other, late] {
        node.stop().await;
    }
}

async fn an_old_key_gets_one_successor_however_many_workers_check(app: &TestApp) {
    let other = app.another_node().await;
    let ann = app.customer("ann").await;
    assert_eq!(run(app.engine(), RotateDueKeys).await, None);
    app.advance(90 * 24 * HOUR - SECOND);
    assert_eq!(run(app.engine(), RotateDueKeys).await, None);
    app.advance(SECOND);
    let checks = (0..6).map(|number| {
        let engine = if number % 2 == 0 {
            app.engine()
        } else {
            &other.engine
        };
        run(engine, RotateDueKeys)
    });
    let rotated: Vec<_> = futures_util::future::join_all(checks)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(rotated.len(), 1, "{rotated:?}");
    // Either process may have been the one.
    app.engine().keys().refresh(Duration::ZERO).await.unwrap();
    assert_eq!(published(&app.client()).await.len(), 2);
    app.advance(LEAD);
    let again = app.sign_in(&ann.email, &ann.password).await;
    assert_eq!(kid(&again.access), json!(rotated[0].key));
    assert_eq!(run(&other.engine, RotateDueKeys).await, None);
    other.stop().await;
}

async fn tokens_are_signed_with_es256_where_that_is_chosen(app: &TestApp) {
    let ann = app.customer("ann").await;
    let header = Jwt::of(&ann.access).header;
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("ES256"), &json!("at+jwt"))
    );
    ann.get(ME).await.expect(200);
    let keys = published(&app.client()).await;
    let key = keys[0].as_object().unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["kid"]),
        (&json!("EC"), &json!("P-256"), &json!("ES256"), &header["kid"])
    );
    assert!(key.contains_key("x") && key.contains_key("y") && !key.contains_key("d"));
    // A process with the default algorithm verifies by the key, not by its own setting.
    let other = app.another_node_with(&[]).await;
    other.client().bearer(&ann.access).get(ME).await.expect(200);
    // One bit of the signature makes it another token, and so does the algorithm of another key.
    let (message, signature) = ann.access.rsplit_once('.').unwrap();
    let mut bytes = from_base64url(signature).unwrap();
    bytes[10] ^= 1;
    let forged = format!("{message}.{}", mainstay_platform::crypto::base64url(&bytes));
    app.client()
        .bearer(&forged)
        .get(ME)
        .await
        .expect_error(401, "TOKEN_INVALID");
    rotate(app).await;
    ann.get(ME).await.expect(200);
    ann.refreshed().await.get(ME).await.expect(200);
    other.stop().await;
}

async fn another_algorithm_takes_over_without_ending_a_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    let other = app.another_node_with(&[("JWT_ALGORITHM", "ES256")]).await;
    app.advance(SECOND);
    assert!(run(&other.engine, RotateDueKeys).await.is_some());
    assert_eq!(run(&other.engine, RotateDueKeys).await, None, "it is under way");
    app.engine().keys().refresh(Duration::ZERO).await.unwrap();
    app.advance(LEAD);
    assert_eq!(run(&other.engine, RotateDueKeys).await, None);
    ann.get(ME).await.expect(200);
    let next = ann.refreshed().await;
    assert_eq!(Jwt::of(&next.access).header["alg"], "ES256");
    for client in [app.client(), other.client()] {
        client.bearer(&next.access).get(ME).await.expect(200);
        client.bearer(&ann.access).get(ME).await.expect(200);
    }
    other.stop().await;
}

async fn only_the_public_key_is_published(app: &TestApp) {
    let ann = app.customer("ann").await;
    let keys = app.client().get(KEYS).await.expect(200).json();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let key = keys[0].as_object().unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into())
    );
    assert_eq!(key["kid"], Jwt::of(&ann.access).header["kid"]);
    assert_eq!(from_base64url(key["x"].as_str().unwrap()).unwrap().len(), 32);
    assert!(!key.contains_key("d") && !key.contains_key("k"), "{key:?}");
}

async fn a_rotation_ends_no_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.advance(2 * MINUTE);
    rotate(app).await;
    ann.get(ME).await.expect(200);
    let next = ann.refreshed().await;
    assert_ne!(
        Jwt::of(&next.access).header["kid"],
        Jwt::of(&ann.access).header["kid"]
    );
    next.get(ME).await.expect(200);
    assert_eq!(
        app.client().get(KEYS).await.json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "the old key is still valid"
    );
    app.advance(25 * HOUR);
    app.engine().keys().refresh(Duration::ZERO).await.unwrap();
    assert_eq!(
        app.client().get(KEYS).await.json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "the old key has retired"
    );
}

async fn a_process_reads_a_key_that_it_does_not_know(app: &TestApp) {
    let other = app.another_node().await;
    app.advance(2 * SECOND);
    rotate(app).await;
    let ann = app.customer("ann").await;
    other.client().bearer(&ann.access).get(ME).await.expect(200);
    other.stop().await;
}

async fn a_process_that_just_read_its_keys_reads_them_again_for_a_newer_token(app: &TestApp) {
    let other = app.another_node().await;
    let before = app.customer("ann").await;
    other.client().bearer(&before.access).get(ME).await.expect(200);
    rotate(app).await;
    let after = before.refreshed().await;
    assert_ne!(
        Jwt::of(&before.access).header["kid"],
        Jwt::of(&after.access).header["kid"]
    );
    other.client().bearer(&after.access).get(ME).await.expect(200);
    other.stop().await;
}

async fn a_token_of_a_removed_key_is_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.advance(SECOND);
    rotate(app).await;
    ann.get(ME).await.expect(200);
    let next = ann.refreshed().await;
    app.execute_raw("DELETE FROM signing_keys WHERE retires_at IS NOT NULL")
        .await;
    app.engine().keys().refresh(Duration::ZERO).await.unwrap();
    ann.get(ME).await.expect_error(401, "TOKEN_INVALID");
    next.get(ME).await.expect(200);
}

async fn a_shared_secret_replaces_the_stored_keys(app: &TestApp) {
    let ann = app.customer("ann").await;
    assert_eq!(Jwt::of(&ann.access).header["alg"], "HS256");
    ann.get(ME).await.expect(200);
    let next = ann.refreshed().await;
    next.post_nothing("/api/auth/logout").await.expect(204);
    ann.get(ME).await.expect_error(401, "TOKEN_REVOKED");
    let restarted = app.another_node().await;
    let bob = app.customer("bob").await;
    restarted.client().bearer(&bob.access).get(ME).await.expect(200);
    restarted.stop().await;
}
