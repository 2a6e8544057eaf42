//! Access tokens: which are accepted and which are refused.

use crate::api_key::statements;
use crate::jwt::Jwt;
use crate::{MINUTE, SECOND};
use mainstay_platform::crypto::from_base64url;
use mainstay_platform::crypto::key_ring::KeyRing;
use mainstay_platform::crypto::signing_key::SigningKey;
use mainstay_platform::crypto::token::{Claims, TokenAlgorithm};
use mainstay_testkit::{Client, Node, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_01_access_and_refresh_tokens_are_not_interchangeable;
    trap_01_the_key_decides_the_algorithm_and_never_the_token;
    trap_01_every_claim_is_checked_where_the_secret_is_known with JWT_SECRET = super::SECRET;
    trap_01_audience_issuer_and_instants_are_checked;
    trap_01_a_token_signed_with_a_foreign_key_is_refused;
    trap_07_a_token_in_the_url_is_ignored;
    a_token_expires_to_the_second;
    credentials_are_accepted_in_headers_and_cookies;
    verifying_a_token_runs_no_statement;
}

const SECRET: &str = "a secret of more than thirty-two bytes";
const ME: &str = "/api/users/me";

async fn refused(app: &TestApp, token: &str, code: &str, why: &str) {
    let answer = app.client().bearer(token).get(ME).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, code),
        "{why}: {answer:?}"
    );
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(challenge.contains("invalid_token"), "{why}: {challenge}");
}

/// The claims of a client's token, to be signed again with the app's own key.
fn claims(person: &TestUser) -> Claims {
    serde_json::from_value(Jwt::of(&person.access).claims).expect("our own claims")
}

async fn trap_01_access_and_refresh_tokens_are_not_interchangeable(app: &TestApp) {
    let ann = app.customer("ann").await;
    refused(
        app,
        &ann.refresh,
        "TOKEN_INVALID",
        "a refresh token as an access token",
    )
    .await;
    let answer = app
        .client()
        .post("/api/auth/refresh", json!({"refreshToken": ann.access}))
        .await;
    answer.expect_error(401, "TOKEN_INVALID");
    app.client()
        .header("cookie", &format!("accessToken={}", ann.refresh))
        .get(ME)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let cookie = format!("refreshToken={}", ann.access);
    app.client()
        .header("cookie", &cookie)
        .post_nothing("/api/auth/refresh")
        .await
        .expect_error(401, "TOKEN_INVALID");
}

async fn trap_01_the_key_decides_the_algorithm_and_never_the_token(app: &TestApp) {
    let ann = app.customer("ann").await;
    let jwt = Jwt::of(&ann.access);
    assert_eq!(jwt.header["alg"], "EdDSA");
    for none in ["none", "None", "NONE", ""] {
        refused(
            app,
            &jwt.clone().header("alg", none).bare(),
            "TOKEN_INVALID",
            none,
        )
        .await;
        refused(
            app,
            &jwt.clone().header("alg", none).unsigned(),
            "TOKEN_INVALID",
            none,
        )
        .await;
    }
    refused(app, &jwt.bare(), "TOKEN_INVALID", "no signature").await;
    let keys = app
        .client()
        .get("/.well-known/jwks.json")
        .await
        .expect(200)
        .json();
    let x = keys["keys"][0]["x"].as_str().unwrap();
    let public = from_base64url(x).unwrap();
    for secret in [&public[..], x.as_bytes(), keys.to_string().as_bytes(), b""] {
        refused(
            app,
            &jwt.clone().header("alg", "HS256").hs256(secret),
            "TOKEN_INVALID",
            "the public key as a secret",
        )
        .await;
        refused(
            app,
            &jwt.hs256(secret),
            "TOKEN_INVALID",
            "an HMAC as an EdDSA signature",
        )
        .await;
    }
    refused(
        app,
        &jwt.clone().claim("role", "admin").unsigned(),
        "TOKEN_INVALID",
        "other claims",
    )
    .await;
    refused(
        app,
        &jwt.clone().header("crit", json!(["b64"])).unsigned(),
        "TOKEN_INVALID",
        "critical",
    )
    .await;
    refused(
        app,
        &jwt.clone().header("jwk", keys["keys"][0].clone()).unsigned(),
        "TOKEN_INVALID",
        "own key",
    )
    .await;
    for rubbish in [
        "",
        "x",
        "..",
        "a.b.c",
        "eyJ.eyJ.x",
        &"x.".repeat(3000),
        &ann.access[1..],
        &format!("{}x", ann.access),
    ] {
        let answer = app.client().bearer(rubbish).get(ME).await;
        assert_eq!(answer.status, 401, "{rubbish}: {answer:?}");
    }
    ann.get(ME).await.expect(200);
}

async fn trap_01_every_claim_is_checked_where_the_secret_is_known(app: &TestApp) {
    let ann = app.customer("ann").await;
    let jwt = Jwt::of(&ann.access);
    let sign = |jwt: &Jwt| jwt.hs256(SECRET.as_bytes());
    assert_eq!(jwt.header["alg"], "HS256");
    app.client().bearer(&sign(&jwt)).get(ME).await.expect(200);
    for missing in ["aud", "iss", "exp", "nbf", "iat", "sub", "sid", "jti", "role"] {
        refused(
            app,
            &sign(&jwt.clone().claim(missing, Value::Null)),
            "TOKEN_INVALID",
            missing,
        )
        .await;
    }
    let wrong = [
        ("aud", json!("another")),
        ("aud", json!(["api", "another"])),
        ("iss", json!("another")),
        ("iss", json!("")),
        ("exp", json!("9999999999")),
        ("exp", json!(9_999_999_999.5)),
        ("sub", json!("../admin")),
        ("sid", json!(1)),
    ];
    for (name, value) in wrong {
        refused(app, &sign(&jwt.clone().claim(name, value)), "TOKEN_INVALID", name).await;
    }
    for typ in [json!("JWT"), json!("rt+jwt"), Value::Null] {
        refused(
            app,
            &sign(&jwt.clone().header("typ", typ)),
            "TOKEN_INVALID",
            "typ",
        )
        .await;
    }
    refused(
        app,
        &sign(&jwt.clone().header("kid", "another")),
        "TOKEN_INVALID",
        "kid",
    )
    .await;
    refused(
        app,
        &jwt.hs256(b"another secret of more than 32 bytes"),
        "TOKEN_INVALID",
        "another secret",
    )
    .await;
    refused(
        app,
        &jwt.clone().header("alg", "none").bare(),
        "TOKEN_INVALID",
        "none",
    )
    .await;
    let keys = app
        .client()
        .get("/.well-known/jwks.json")
        .await
        .expect(200)
        .json();
    assert_eq!(keys["keys"], json!([]), "a shared secret is not published");
}

async fn trap_01_audience_issuer_and_instants_are_checked(app: &TestApp) {
    let ann = app.customer("ann").await;
    let ring = app.engine().keys().ring();
    let now = app.now().seconds();
    let good = claims(&ann);
    let sign = |claims: &Claims| ring.sign(claims).unwrap();
    app.client().bearer(&sign(&good)).get(ME).await.expect(200);
    let changed = |change: &dyn Fn(&mut Claims)| {
        let mut claims = good.clone();
        change(&mut claims);
        sign(&claims)
    };
    refused(
        app,
        &changed(&|claims| claims.aud = "web".into()),
        "TOKEN_INVALID",
        "aud",
    )
    .await;
    refused(
        app,
        &changed(&|claims| claims.iss = "evil".into()),
        "TOKEN_INVALID",
        "iss",
    )
    .await;
    refused(
        app,
        &changed(&|claims| claims.nbf = now + 61),
        "TOKEN_INVALID",
        "nbf",
    )
    .await;
    refused(
        app,
        &changed(&|claims| claims.iat = now + 61),
        "TOKEN_INVALID",
        "iat",
    )
    .await;
    refused(app, &changed(&|claims| claims.exp = now), "TOKEN_EXPIRED", "exp").await;
    refused(
        app,
        &changed(&|claims| claims.exp = now - 1),
        "TOKEN_EXPIRED",
        "exp",
    )
    .await;
}

async fn trap_01_a_token_signed_with_a_foreign_key_is_refused(app: &TestApp) {
    let ann = app.customer("ann").await;
    let sealer = &app.engine().components().sealer;
    // Generated as the app generates its keys, but never stored.
    let foreign = SigningKey::generate(sealer, &*app.engine().node().random, TokenAlgorithm::EdDsa)
        .open(sealer)
        .unwrap();
    let ring = KeyRing::new("mainstay", "api", foreign, Vec::new());
    let token = ring.sign(&claims(&ann)).unwrap();
    refused(app, &token, "TOKEN_INVALID", "a foreign key").await;
    let ours = Jwt::of(&ann.access).header["kid"].clone();
    refused(
        app,
        &Jwt::of(&token).header("kid", ours).unsigned(),
        "TOKEN_INVALID",
        "a foreign signature under our key id",
    )
    .await;
}

async fn trap_07_a_token_in_the_url_is_ignored(app: &TestApp) {
    let ann = app.customer("ann").await;
    for name in ["access_token", "token", "accessToken", "authorization"] {
        let answer = app.client().get(&format!("{ME}?{name}={}", ann.access)).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        let line = app.request_lines().pop().unwrap().to_string();
        assert!(
            !line.contains(&ann.access),
            "the log must not contain a URL's query: {line}"
        );
    }
}

async fn a_token_expires_to_the_second(app: &TestApp) {
    let ann = app.customer("ann").await;
    app.advance(15 * MINUTE - SECOND);
    ann.get(ME).await.expect(200);
    app.advance(SECOND);
    refused(app, &ann.access, "TOKEN_EXPIRED", "expired").await;
    ann.refreshed().await.get(ME).await.expect(200);
}

async fn credentials_are_accepted_in_headers_and_cookies(app: &TestApp) {
    let ann = app.customer("ann").await;
    let client = app.client();
    client
        .header("authorization", &format!("bearer {}", ann.access))
        .get(ME)
        .await
        .expect(200);
    client
        .header("x-access-token", &ann.access)
        .get(ME)
        .await
        .expect(200);
    client
        .header("cookie", &format!("accessToken={}", ann.access))
        .get(ME)
        .await
        .expect(200);
    client.get(ME).await.expect_error(401, "UNAUTHORIZED");
    // A credential of another scheme may belong to a proxy: the server tries the next credential.
    for other in ["Basic YTpi", "Token x", "Negotiate", &ann.access] {
        let proxied = client.header("authorization", other);
        proxied.get(ME).await.expect_error(401, "UNAUTHORIZED");
        proxied.get("/api/products").await.expect(200);
        proxied
            .header("x-access-token", &ann.access)
            .get(ME)
            .await
            .expect(200);
        proxied
            .header("cookie", &format!("accessToken={}", ann.access))
            .get(ME)
            .await
            .expect(200);
        proxied
            .header("x-access-token", "rubbish")
            .get("/api/products")
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    for bad in ["Bearer", "Bearer rubbish", "bearer rubbish"] {
        let client = client.header("authorization", bad);
        for path in [ME, "/api/products"] {
            client.get(path).await.expect_error(401, "TOKEN_INVALID");
        }
    }
    // A bad bearer token is refused even when a good cookie comes with it.
    let both = client
        .header("cookie", &format!("accessToken={}", ann.access))
        .bearer("rubbish");
    both.get(ME).await.expect_error(401, "TOKEN_INVALID");
}

async fn verifying_a_token_runs_no_statement(app: &TestApp) {
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    let product = app.product(5, 100).await;
    let authenticate = async |node: &Node, client: &Client| {
        let before = statements(node);
        // Refused after authentication, before anything is read.
        client.get("/api/audit").await.expect_error(403, "FORBIDDEN");
        statements(node) - before
    };
    let node = app.node();
    assert_eq!(authenticate(node, &ann).await, 0, "at its first use");
    let cookie = app
        .client()
        .header("cookie", &format!("accessToken={}", ann.access));
    assert_eq!(authenticate(node, &cookie).await, 0, "in a cookie");
    let refreshed = ann.refreshed().await;
    assert_eq!(authenticate(node, &refreshed).await, 0, "after a refresh");
    // A change of another account makes every cached caller outdated, and still nothing is read.
    for role in ["support", "manager", "customer"] {
        let path = format!("/api/users/{}/role", bob.id);
        admin.put(&path, json!({"role": role})).await.expect(200);
        app.advance(MINUTE);
        app.engine().access().sync().await.unwrap();
        assert_eq!(authenticate(node, &ann).await, 0, "{role}");
    }
    // A node that has never met the session reads once that it exists, and nothing after that.
    let other = app.another_node().await;
    let there = other.client().bearer(&ann.access);
    authenticate(&other, &there).await;
    assert_eq!(authenticate(&other, &there).await, 0, "on another node");
    // A request that is answered runs the same statements with a token as without one.
    let path = format!("/api/products/{}", product.id);
    let read = async |client: &Client| {
        // No row is cached longer than a second.
        app.advance(2 * SECOND);
        let before = statements(node);
        client.get(&path).await.expect(200);
        statements(node) - before
    };
    let anonymous = read(&app.client()).await;
    assert!(anonymous > 0, "the counter counts");
    assert_eq!(read(&ann).await, anonymous);
    other.stop().await;
}
