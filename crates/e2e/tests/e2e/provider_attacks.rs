//! Attacks on sign-in by identity providers (traps 9 and 19).

use crate::MINUTE;
use crate::email::token;
use crate::provider::{RoundTrip, ann, count, setting, setting_with};
use mainstay_testkit::{Answer, Signing, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_09_nothing_but_own_and_allowed_addresses_is_returned_to;
    trap_09_a_state_is_of_one_browser_and_works_once;
    trap_09_answers_that_are_not_proved_do_not_sign_in;
    trap_09_only_addresses_verified_on_both_sides_are_linked;
    trap_09_the_first_proof_of_an_address_removes_what_a_stranger_linked;
    trap_09_a_known_identity_that_first_proves_the_address_stays_alone;
    trap_09_where_addresses_are_confirmed_first_an_unverified_one_stays_out;
    trap_15_a_planted_cookie_does_not_finish_the_sign_in_of_another;
    trap_19_of_two_last_ways_in_one_stays;
    trap_19_one_state_signs_in_once_also_when_raced;
}

async fn trap_09_nothing_but_own_and_allowed_addresses_is_returned_to(app: &TestApp) {
    let at = setting(app).await;
    for evil in [
        "//evil.example",
        "/%5Cevil.example",
        "https:evil.example",
        "https://evil.example",
        "https://app.example@evil.example",
        "%09//evil.example",
        "/%0D%0ASet-Cookie:%20a=b",
        "javascript:alert(1)",
        "",
    ] {
        let answer = at
            .client()
            .get(&format!("/api/auth/oauth/stub?returnTo={evil}"))
            .await;
        assert_eq!(answer.status, 400, "{evil}");
        assert_eq!(answer.validation_errors(), ["returnTo FORMAT"], "{evil}");
    }
    let trip = at
        .go(&at.client(), "stub", "?returnTo=https://app.example/back")
        .await;
    let answer = at
        .client()
        .header("cookie", &trip.cookie)
        .get(&trip.callback)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("https://app.example/back"));
}

async fn trap_09_a_state_is_of_one_browser_and_works_once(app: &TestApp) {
    let at = setting(app).await;
    let (victim, attacker) = (
        at.go(&at.client(), "stub", "").await,
        at.go(&at.client(), "stub", "").await,
    );
    let invalid = |answer: Answer| answer.expect_error(401, "TOKEN_INVALID");
    // Without the cookie, with another browser's, and with a made-up one.
    invalid(at.program().get(&attacker.callback).await);
    invalid(
        at.program()
            .header("cookie", &victim.cookie)
            .get(&attacker.callback)
            .await,
    );
    invalid(
        at.program()
            .header("cookie", "browser=mbr_x")
            .get(&attacker.callback)
            .await,
    );
    // The state of another attempt of the same browser does not fit the code: PKCE and nonce.
    let state = |trip: &RoundTrip| {
        trip.callback
            .split("state=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    let same = at
        .go(&at.client().header("cookie", &victim.cookie), "stub", "")
        .await;
    assert_eq!(same.cookie, victim.cookie, "one secret serves a browser's tabs");
    let swapped = victim.callback.replace(&state(&victim), &state(&same));
    at.program()
        .header("cookie", &victim.cookie)
        .get(&swapped)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    // At another provider's address: mix-up.
    let mixed = at.go(&at.client(), "stub", "").await;
    let elsewhere = mixed.callback.replace("/oauth/stub/", "/oauth/other/");
    invalid(at.program().header("cookie", &mixed.cookie).get(&elsewhere).await);
    // Once, and not after ten minutes.
    let trip = at.go(&at.client(), "stub", "").await;
    at.finish(&trip).await.expect(200);
    invalid(at.finish(&trip).await);
    let late = at.go(&at.client(), "stub", "").await;
    app.advance(10 * MINUTE);
    invalid(at.finish(&late).await);
    for bad in ["", "?state=mps_x&code=y", "?code=y"] {
        let path = format!("/api/auth/oauth/stub/callback{bad}");
        invalid(at.program().header("cookie", &victim.cookie).get(&path).await);
    }
    let twice = "/api/auth/oauth/stub/callback?state=a&state=b";
    at.program()
        .get(twice)
        .await
        .expect_error(400, "VALIDATION_FAILED");
}

async fn trap_09_answers_that_are_not_proved_do_not_sign_in(app: &TestApp) {
    let at = setting(app).await;
    let now = app.now().seconds();
    let with = |name: &str, value: Value| {
        let mut claims = ann();
        claims[name] = value;
        claims
    };
    for (what, claims) in [
        ("nonce", with("nonce", json!("another"))),
        ("no nonce", with("nonce", Value::Null)),
        ("audience", with("aud", json!("another-client"))),
        (
            "two audiences",
            with("aud", json!([at.provider.client_id(), "another"])),
        ),
        ("authorized party", with("azp", json!("another"))),
        ("issuer", with("iss", json!("https://evil.example"))),
        ("expired", with("exp", json!(now - 1))),
        ("from the future", with("iat", json!(now + 120))),
        ("access token", with("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"))),
        ("no subject", with("sub", json!(""))),
    ] {
        at.provider.set_claims(claims);
        let answer = at.sign_in("stub").await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (401, "INVALID_CREDENTIALS"),
            "{what}: {answer:?}"
        );
    }
    at.provider.set_claims(ann());
    for signing in [
        Signing::None,
        Signing::PublicKeyAsSecret,
        Signing::ClientSecret,
        Signing::UnpublishedKey,
    ] {
        at.provider.set_signing(signing);
        let answer = at.sign_in("stub").await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (401, "INVALID_CREDENTIALS"),
            "{signing:?}: {answer:?}"
        );
    }
    at.provider.set_signing(Signing::Es256);
    // The issuer of the response (RFC 9207): another one, and none though the provider always names it.
    for (from, to) in [
        (at.provider.url(), "https://evil.example"),
        (&*format!("&iss={}", at.provider.url()), ""),
    ] {
        let mut trip = at.go(&at.client(), "stub", "").await;
        trip.callback = trip.callback.replace(from, to);
        at.finish(&trip).await.expect_error(401, "INVALID_CREDENTIALS");
    }
    // The code of another attempt: PKCE.
    let (one, other) = (
        at.go(&at.client(), "stub", "").await,
        at.go(&at.client(), "stub", "").await,
    );
    let code = |trip: &RoundTrip| {
        trip.callback
            .split("code=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned()
    };
    let mut injected = one;
    injected.callback = injected.callback.replace(&code(&injected), &code(&other));
    at.finish(&injected)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    // Outside of the hosted domain.
    at.sign_in("hosted").await.expect_error(403, "FORBIDDEN");
    at.provider.set_claims(with("hd", json!("evil.example")));
    at.sign_in("hosted").await.expect_error(403, "FORBIDDEN");
    assert_eq!(
        (count(app, "users").await, count(app, "identities").await),
        ("0".to_owned(), "0".to_owned())
    );
    at.provider.set_claims(with("hd", json!("corp.example")));
    at.sign_in("hosted").await.expect(200);
}

async fn trap_09_only_addresses_verified_on_both_sides_are_linked(app: &TestApp) {
    let at = setting(app).await;
    let owner = app.customer("ann").await;
    at.provider
        .set_claims(json!({"sub": "ann", "email": owner.email, "email_verified": true}));
    // Not verified here: a stranger may have registered it before its owner came.
    at.sign_in("stub").await.expect_error(409, "CONFLICT");
    app.execute_raw(&format!(
        "UPDATE users SET email_verified = TRUE WHERE email = '{}'",
        owner.email
    ))
    .await;
    // Not verified there: anyone can claim it.
    at.provider
        .set_claims(json!({"sub": "eve", "email": owner.email, "email_verified": false}));
    at.sign_in("stub").await.expect_error(409, "CONFLICT");
    assert_eq!(count(app, "identities").await, "0");
    let spelled = owner.email.to_uppercase();
    at.provider
        .set_claims(json!({"sub": "ann", "email": spelled, "email_verified": true}));
    let answer = at.sign_in("stub").await.expect(200).data();
    assert_eq!(answer["user"]["id"], owner.id);
    // The provider has given the address to a new person.
    at.provider
        .set_claims(json!({"sub": "successor", "email": owner.email, "email_verified": true}));
    at.sign_in("stub").await.expect_error(409, "CONFLICT");
    // The owner is informed of the link, once, and of no refused attempt.
    app.run_jobs().await;
    let informed = crate::email::subjects(app, &owner.email);
    let linked = informed
        .iter()
        .filter(|subject| subject.starts_with("Sign-in with"));
    assert_eq!(
        linked.collect::<Vec<_>>(),
        ["Sign-in with Stub and sons was added to your account"]
    );
}

async fn trap_15_a_planted_cookie_does_not_finish_the_sign_in_of_another(app: &TestApp) {
    let at = setting_with(app, &[("PUBLIC_URL", "https://shop.example")]).await;
    let attacker = at.go(&at.client(), "stub", "").await;
    let secret = attacker.cookie.strip_prefix("__Host-browser=").unwrap();
    let victim = at.go(&at.client(), "stub", "").await;
    // Another host of the domain can plant a cookie without the prefix in the victim's browser, and lead it to the
    // callback of a sign-in that the attacker began.
    for planted in [
        format!("browser={secret}"),
        format!("__Secure-browser={secret}"),
        format!("signInBrowser={secret}; __Secure-signInBrowser={secret}"),
        format!("browser={secret}; {}", victim.cookie),
        format!("{0}; {0}", attacker.cookie),
    ] {
        at.program()
            .header("cookie", &planted)
            .get(&attacker.callback)
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    assert_eq!(count(app, "sessions").await, "0");
    at.finish(&attacker).await.expect(200);
}

async fn trap_19_of_two_last_ways_in_one_stays(app: &TestApp) {
    let at = setting(app).await;
    let own = at.sign_in("stub").await.expect(200).data();
    let own = at.client().bearer(own["accessToken"].as_str().unwrap());
    let only = own.get("/api/auth/identities").await.expect(200).list()[0]["id"].clone();
    let path = |id: &Value| format!("/api/auth/identities/{}", id.as_str().unwrap());
    own.delete(&path(&only)).await.expect_error(409, "CONFLICT");
    at.provider.set_claims(json!({"sub": "second"}));
    let trip = at.go(&own, "other", "").await;
    let second = at.finish(&trip).await.expect(200).data()["id"].clone();
    let (one, other) = (path(&only), path(&second));
    let (one, other) = futures_util::future::join(own.delete(&one), own.delete(&other)).await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(count(app, "identities").await, "1");
    app.run_jobs().await;
}

async fn trap_19_one_state_signs_in_once_also_when_raced(app: &TestApp) {
    let at = setting(app).await;
    let trip = at.go(&at.client(), "stub", "").await;
    let all = (0..4).map(|_| at.finish(&trip));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(good <= 1, "{answers:?}");
    let sessions = count(app, "sessions").await;
    assert_eq!(sessions, good.to_string());
}

async fn trap_09_the_first_proof_of_an_address_removes_what_a_stranger_linked(app: &TestApp) {
    let at = setting(app).await;
    let stranger = app.customer("ann").await;
    at.provider
        .set_claims(json!({"sub": "eve", "email": "eve@example.com", "email_verified": true}));
    let trip = at.go(&at.client().bearer(&stranger.access), "stub", "").await;
    at.finish(&trip).await.expect(200);
    assert_eq!(count(app, "identities").await, "1");
    let client = app.client();
    client
        .post("/api/auth/password/forgot", json!({"email": stranger.email}))
        .await
        .expect(202);
    app.run_jobs().await;
    let link = token(app, &stranger.email, "mrp_");
    let reset = json!({"token": link, "password": "the owner's own password"});
    client.post("/api/auth/password/reset", reset).await.expect(204);
    app.run_jobs().await;
    assert_eq!(count(app, "identities").await, "0");
}

async fn trap_09_a_known_identity_that_first_proves_the_address_stays_alone(app: &TestApp) {
    let at = setting(app).await;
    let claims =
        |verified: bool| json!({"sub": "ann", "email": "ann@example.com", "email_verified": verified});
    at.provider.set_claims(claims(false));
    let first = at.sign_in("stub").await.expect(200).data();
    assert_eq!(first["user"]["emailVerified"], false);
    at.provider.set_claims(json!({"sub": "second"}));
    let token = first["accessToken"].as_str().unwrap().to_owned();
    let trip = at.go(&at.client().bearer(&token), "other", "").await;
    at.finish(&trip).await.expect(200);
    assert_eq!(count(app, "identities").await, "2");
    at.provider.set_claims(claims(true));
    let again = at.sign_in("stub").await.expect(200).data();
    assert_eq!(
        (&again["user"]["id"], &again["user"]["emailVerified"]),
        (&first["user"]["id"], &true.into())
    );
    assert_eq!(count(app, "identities").await, "1");
    let former = at.client().bearer(&token).get("/api/users/me").await;
    former.expect(401);
    app.run_jobs().await;
}

async fn trap_09_where_addresses_are_confirmed_first_an_unverified_one_stays_out(app: &TestApp) {
    let at = setting_with(app, &[("VERIFY_EMAIL", "required")]).await;
    let claims =
        |verified: bool| json!({"sub": "ann", "email": "ann@example.com", "email_verified": verified});
    at.provider.set_claims(claims(false));
    at.sign_in("stub").await.expect_error(403, "EMAIL_UNVERIFIED");
    assert_eq!(
        (
            count(app, "identities").await,
            count(app, "one_time_tokens WHERE used_at IS NULL").await
        ),
        ("0".to_owned(), "0".to_owned())
    );
    at.provider.set_claims(claims(true));
    at.sign_in("stub").await.expect(200);
}
