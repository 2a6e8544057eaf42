//! Signing keys: published, rotated, and replaced by a shared secret where one is configured.

use crate::jwt::Jwt;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_domain::access::SystemCaller;
use mainstay_engine::RequestContext;
use mainstay_engine::key::RotateKeys;
use mainstay_platform::crypto::from_base64url;
use mainstay_testkit::{TestApp, on_both_engines};
use std::time::Duration;

on_both_engines! {
    only_the_public_key_is_published;
    a_rotation_ends_no_session;
    a_process_reads_a_key_that_it_does_not_know;
    a_process_that_just_read_its_keys_reads_them_again_for_a_newer_token;
    a_token_of_a_removed_key_is_refused;
    a_shared_secret_replaces_the_stored_keys with JWT_SECRET = "a secret of more than thirty-two bytes";
}

const ME: &str = "/api/users/me";
const KEYS: &str = "/.well-known/jwks.json";

async fn rotate(app: &TestApp) {
    app.engine()
        .pipeline()
        .command(&RequestContext::system(SystemCaller::OPERATOR), RotateKeys)
        .await
        .unwrap();
    app.engine().keys().refresh(Duration::MAX).await.unwrap();
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
    app.advance(10 * MINUTE);
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
