//! Sign-in by identity providers: OpenID Connect and GitHub, against a fake provider that also answers as an attacker's.

use crate::{MINUTE, SECOND};
use mainstay_testkit::{
    Answer, CLIENT_SECRET, Client, FakeIdentityProvider, Node, Signing, TestApp, on_both_engines,
};
use serde_json::{Value, json};

on_both_engines! {
    an_identity_creates_an_account_and_signs_in_to_it_again;
    a_browser_goes_back_with_cookies_or_with_an_error;
    trap_09_nothing_but_own_and_allowed_addresses_is_returned_to with ALLOWED_ORIGINS = "https://app.example";
    trap_09_a_state_is_of_one_browser_and_works_once;
    trap_09_answers_that_are_not_proved_sign_nobody_in;
    trap_09_only_addresses_verified_on_both_sides_are_linked;
    an_account_made_by_one_provider_is_not_linked_to_another;
    a_signed_in_user_links_and_unlinks;
    trap_19_of_two_last_ways_in_one_stays;
    trap_19_one_state_signs_in_once_also_when_raced;
    new_keys_of_the_provider_are_found;
    a_provider_that_is_away_leaves_nothing;
    github_tells_the_primary_verified_address;
    the_userinfo_is_of_the_same_subject;
    refresh_tokens_are_sealed;
    disabled_accounts_stay_out;
}

/// A node whose settings name the fake provider, twice, and as GitHub.
struct Setting {
    provider: FakeIdentityProvider,
    node: Node,
}

async fn setting(app: &TestApp) -> Setting {
    let provider = FakeIdentityProvider::start(app.clock.clone()).await;
    let (url, id) = (provider.url().to_owned(), provider.client_id());
    let (authorize, token) = (format!("{url}/authorize"), format!("{url}/token"));
    let settings = [
        ("OIDC_STUB_ISSUER", &*url),
        ("OIDC_STUB_CLIENT_ID", id),
        ("OIDC_STUB_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_STUB_LABEL", "Stub and sons"),
        ("OIDC_OTHER_ISSUER", &*url),
        ("OIDC_OTHER_CLIENT_ID", id),
        ("OIDC_OTHER_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_OTHER_OFFLINE_ACCESS", "on"),
        ("OIDC_HOSTED_ISSUER", &*url),
        ("OIDC_HOSTED_CLIENT_ID", id),
        ("OIDC_HOSTED_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_HOSTED_HOSTED_DOMAIN", "corp.example"),
        ("GITHUB_CLIENT_ID", id),
        ("GITHUB_CLIENT_SECRET", CLIENT_SECRET),
        ("GITHUB_AUTHORIZATION_URL", &*authorize),
        ("GITHUB_TOKEN_URL", &*token),
        ("GITHUB_API_URL", &*url),
        ("ALLOWED_ORIGINS", "https://app.example"),
    ];
    let node = app.another_node_with(&settings).await;
    provider.set_claims(ann());
    Setting { provider, node }
}

fn ann() -> Value {
    json!({"sub": "ann", "email": "ann@example.com", "email_verified": true, "name": "Ann Provided"})
}

/// A browser on its way: its cookie, and the provider's answer.
struct Trip {
    cookie: String,
    callback: String,
}

impl Setting {
    fn client(&self) -> Client {
        self.node.client()
    }

    fn program(&self) -> Client {
        self.node.client().header("accept", "application/json")
    }

    /// Goes to a provider and consents there.
    async fn go(&self, client: &Client, provider: &str, query: &str) -> Trip {
        let answer = client
            .get(&format!("/api/auth/oauth/{provider}{query}"))
            .await
            .expect(303);
        let cookie = cookie(&answer, "browser");
        let (code, state) = self.provider.authorize(answer.header("location").unwrap());
        let iss = match provider {
            "github" => String::new(),
            _ => format!("&iss={}", self.provider.url()),
        };
        let code = code.replace(' ', "%20");
        Trip {
            cookie: format!("browser={cookie}"),
            callback: format!("/api/auth/oauth/{provider}/callback?code={code}&state={state}{iss}"),
        }
    }

    /// Comes back as a program does.
    async fn finish(&self, trip: &Trip) -> Answer {
        self.program()
            .header("cookie", &trip.cookie)
            .get(&trip.callback)
            .await
    }

    async fn sign_in(&self, provider: &str) -> Answer {
        let trip = self.go(&self.client(), provider, "").await;
        self.finish(&trip).await
    }
}

fn cookie(answer: &Answer, name: &str) -> String {
    let start = format!("{name}=");
    let all = answer.all("set-cookie");
    let line = all.iter().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no cookie {name}: {answer:?}"));
    line[start.len()..].split(';').next().unwrap().to_owned()
}

async fn count(app: &TestApp, table: &str) -> String {
    let rows = app
        .query_raw(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"))
        .await;
    rows[0][0].clone().unwrap()
}

async fn an_identity_creates_an_account_and_signs_in_to_it_again(app: &TestApp) {
    let at = setting(app).await;
    let providers = at.client().get("/api/auth/providers").await.expect(200).list();
    let names: Vec<_> = providers
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["github", "hosted", "other", "stub"]);
    assert_eq!(providers[3]["label"], "Stub and sons");
    at.client()
        .get("/api/auth/oauth/unknown")
        .await
        .expect_error(404, "NOT_FOUND");

    let first = at.sign_in("stub").await.expect(200).data();
    assert_eq!(first["user"]["email"], "ann@example.com");
    assert_eq!(first["user"]["name"], "Ann Provided");
    assert_eq!(
        (&first["user"]["role"], &first["user"]["emailVerified"]),
        (&"customer".into(), &true.into())
    );
    let own = at.client().bearer(first["accessToken"].as_str().unwrap());
    own.get("/api/users/me").await.expect(200);
    let identities = own.get("/api/auth/identities").await.expect(200).list();
    assert_eq!(identities.len(), 1);
    assert_eq!(
        (&identities[0]["provider"], &identities[0]["email"]),
        (&"stub".into(), &"ann@example.com".into())
    );

    // Another address there, perhaps somebody else's here, is the same account.
    app.customer("bob").await;
    at.provider
        .set_claims(json!({"sub": "ann", "email": "bob@example.com", "email_verified": true}));
    let again = at.sign_in("stub").await.expect(200).data();
    assert_eq!(again["user"]["id"], first["user"]["id"]);
    assert_eq!(again["user"]["email"], "ann@example.com");

    // Told as the provider tells it.
    at.provider
        .set_claims(json!({"sub": "cat", "email": "cat@example.com", "email_verified": false}));
    let cat = at.sign_in("stub").await.expect(200).data();
    assert_eq!(
        (&cat["user"]["name"], &cat["user"]["emailVerified"]),
        (&"cat".into(), &false.into())
    );
}

async fn a_browser_goes_back_with_cookies_or_with_an_error(app: &TestApp) {
    let at = setting(app).await;
    let trip = at.go(&at.client(), "stub", "?returnTo=/account%3Ftab%3D1").await;
    let browser = at
        .client()
        .header("accept", "text/html,*/*;q=0.8")
        .header("cookie", &trip.cookie);
    let answer = browser.get(&trip.callback).await.expect(303);
    assert_eq!(answer.header("location"), Some("/account?tab=1"));
    let access = cookie(&answer, "accessToken");
    assert!(!cookie(&answer, "refreshToken").is_empty());
    at.client().bearer(&access).get("/api/users/me").await.expect(200);
    assert!(answer.body.is_empty());

    let again = browser.get(&trip.callback).await.expect(303);
    assert_eq!(again.header("location"), Some("/?error=TOKEN_INVALID"));
    assert!(again.all("set-cookie").is_empty());

    let trip = at.go(&at.client(), "stub", "?returnTo=/account%3Ftab%3D1").await;
    let state = trip
        .callback
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let declined =
        format!("/api/auth/oauth/stub/callback?error=access_denied&error_description=no&state={state}");
    let answer = at
        .client()
        .header("cookie", &trip.cookie)
        .get(&declined)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("/account?tab=1&error=FORBIDDEN"));
    // The refusal has used the state up.
    at.finish(&trip).await.expect_error(401, "TOKEN_INVALID");
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
    let state = |trip: &Trip| {
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

async fn trap_09_answers_that_are_not_proved_sign_nobody_in(app: &TestApp) {
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
    let code = |trip: &Trip| {
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
    // Not verified here: somebody may have registered it before its owner came.
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
    // The provider has given the address to somebody new.
    at.provider
        .set_claims(json!({"sub": "successor", "email": owner.email, "email_verified": true}));
    at.sign_in("stub").await.expect_error(409, "CONFLICT");
}

async fn an_account_made_by_one_provider_is_not_linked_to_another(app: &TestApp) {
    let at = setting(app).await;
    at.sign_in("stub").await.expect(200);
    at.sign_in("other").await.expect_error(409, "CONFLICT");
    // An identity without an address makes no account.
    at.provider.set_claims(json!({"sub": "nobody"}));
    at.sign_in("stub").await.expect_error(403, "EMAIL_UNVERIFIED");
    assert_eq!(
        (count(app, "users").await, count(app, "identities").await),
        ("1".to_owned(), "1".to_owned())
    );
}

async fn a_signed_in_user_links_and_unlinks(app: &TestApp) {
    let at = setting(app).await;
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    let (ann_here, bob_here) = (at.client().bearer(&ann.access), at.client().bearer(&bob.access));
    at.provider.set_claims(json!({"sub": "x"}));
    // Another site's page cannot make the browser link an identity of the attacker's.
    ann_here
        .header("sec-fetch-site", "cross-site")
        .get("/api/auth/oauth/stub")
        .await
        .expect_error(403, "CSRF_FAILED");
    let trip = at.go(&ann_here, "stub", "?returnTo=/settings").await;
    let linked = at.finish(&trip).await.expect(200).data();
    assert_eq!(linked["provider"], "stub");
    // Again: the same identity. A browser goes back without new cookies.
    let trip = at.go(&ann_here, "stub", "?returnTo=/settings").await;
    let answer = at
        .client()
        .header("cookie", &trip.cookie)
        .get(&trip.callback)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("/settings"));
    assert!(answer.all("set-cookie").is_empty());
    assert_eq!(at.sign_in("stub").await.expect(200).data()["user"]["id"], ann.id);
    // Not to another account as well.
    let trip = at.go(&bob_here, "stub", "").await;
    at.finish(&trip).await.expect_error(409, "CONFLICT");
    // Nor by a session that has ended meanwhile.
    at.provider.set_claims(json!({"sub": "y"}));
    let trip = at.go(&bob_here, "stub", "").await;
    bob_here.post_nothing("/api/auth/logout").await.expect(204);
    at.finish(&trip).await.expect_error(401, "TOKEN_REVOKED");

    let id = linked["id"].as_str().unwrap();
    let path = format!("/api/auth/identities/{id}");
    at.client().delete(&path).await.expect_error(401, "UNAUTHORIZED");
    app.customer("cat")
        .await
        .delete(&path)
        .await
        .expect_error(404, "NOT_FOUND");
    ann_here.delete(&path).await.expect(204);
    assert!(
        ann_here
            .get("/api/auth/identities")
            .await
            .expect(200)
            .list()
            .is_empty()
    );
    at.provider.set_claims(json!({"sub": "x"}));
    at.sign_in("stub").await.expect_error(403, "EMAIL_UNVERIFIED");
    let admin = app.admin().await;
    for action in ["CREATE", "USE", "DELETE"] {
        let found = admin
            .get(&format!("/api/audit?resource=identity&action={action}"))
            .await
            .expect(200);
        assert!(!found.list().is_empty(), "{action}");
    }
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

async fn new_keys_of_the_provider_are_found(app: &TestApp) {
    let at = setting(app).await;
    at.sign_in("stub").await.expect(200);
    at.provider.rotate_key();
    app.advance(31 * SECOND);
    at.sign_in("stub").await.expect(200);
}

async fn a_provider_that_is_away_leaves_nothing(app: &TestApp) {
    let at = setting(app).await;
    at.provider.set_available(false);
    let answer = at
        .client()
        .get("/api/auth/oauth/stub")
        .await
        .expect_error(503, "UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
    at.provider.set_available(true);
    let (program, browser) = (
        at.go(&at.client(), "stub", "").await,
        at.go(&at.client(), "stub", "?returnTo=/x").await,
    );
    at.provider.set_available(false);
    at.finish(&program).await.expect_error(503, "UNAVAILABLE");
    let answer = at
        .client()
        .header("cookie", &browser.cookie)
        .get(&browser.callback)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("/x?error=UNAVAILABLE"));
    assert_eq!(
        (count(app, "users").await, count(app, "identities").await),
        ("0".to_owned(), "0".to_owned())
    );
    at.provider.set_available(true);
    at.sign_in("stub").await.expect(200);
}

async fn github_tells_the_primary_verified_address(app: &TestApp) {
    let at = setting(app).await;
    let answers = |verified: bool| {
        json!({
            "/user": {"id": 583231, "login": "octocat", "name": null},
            "/user/emails": [
                {"email": "other@example.com", "primary": false, "verified": true, "visibility": null},
                {"email": "octo@example.com", "primary": true, "verified": verified, "visibility": "private"},
            ],
        })
    };
    at.provider.set_github(answers(false));
    at.sign_in("github").await.expect_error(403, "EMAIL_UNVERIFIED");
    at.provider.set_github(answers(true));
    let first = at.sign_in("github").await.expect(200).data();
    assert_eq!(
        (
            &first["user"]["email"],
            &first["user"]["name"],
            &first["user"]["emailVerified"]
        ),
        (&"octo@example.com".into(), &"octocat".into(), &true.into())
    );
    at.provider.set_github(answers(false));
    assert_eq!(
        at.sign_in("github").await.expect(200).data()["user"]["id"],
        first["user"]["id"]
    );
}

async fn the_userinfo_is_of_the_same_subject(app: &TestApp) {
    let at = setting(app).await;
    at.provider.set_claims(json!({"sub": "dan"}));
    let info =
        |sub: &str| json!({"sub": sub, "email": "dan@example.com", "email_verified": true, "name": "Dan"});
    at.provider.set_user_info(Some(info("eve")));
    at.sign_in("stub").await.expect_error(401, "INVALID_CREDENTIALS");
    at.provider.set_user_info(Some(info("dan")));
    let dan = at.sign_in("stub").await.expect(200).data();
    assert_eq!(
        (&dan["user"]["name"], &dan["user"]["emailVerified"]),
        (&"Dan".into(), &true.into())
    );
}

async fn refresh_tokens_are_sealed(app: &TestApp) {
    let at = setting(app).await;
    at.sign_in("stub").await.expect(200);
    assert_eq!(
        count(app, "identity_tokens").await,
        "0",
        "only where the settings ask for them"
    );
    at.provider
        .set_claims(json!({"sub": "bob", "email": "bob@example.com"}));
    at.sign_in("other").await.expect(200);
    assert_eq!(count(app, "identity_tokens").await, "1");
    let admin = app.admin().await;
    let audit = admin.get("/api/audit?limit=100").await.expect(200).text();
    let stored = app
        .query_raw("SELECT CAST(payload AS TEXT) FROM one_time_tokens")
        .await;
    let (events, lines) = (
        app.query_raw("SELECT CAST(payload AS TEXT) FROM outbox").await,
        app.request_lines(),
    );
    let everything = format!("{audit} {stored:?} {events:?} {lines:?}");
    assert!(everything.contains("identity.linked") || everything.contains("\"identity\""));
    for secret in at.provider.secrets() {
        assert!(!everything.contains(&secret), "{secret}");
    }
}

async fn disabled_accounts_stay_out(app: &TestApp) {
    let at = setting(app).await;
    let user = at.sign_in("stub").await.expect(200).data()["user"]["id"].clone();
    let path = format!("/api/users/{}", user.as_str().unwrap());
    app.admin()
        .await
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    at.sign_in("stub").await.expect_error(403, "ACCOUNT_DISABLED");
}
