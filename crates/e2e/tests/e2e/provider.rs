//! Sign-in by identity providers: OpenID Connect and GitHub, against a fake provider that also answers as an attacker's.

use crate::SECOND;
use mainstay_testkit::{Answer, CLIENT_SECRET, Client, FakeIdentityProvider, Node, TestApp, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    an_identity_creates_an_account_and_signs_in_to_it_again;
    a_browser_goes_back_with_cookies_or_with_an_error;
    an_account_made_by_one_provider_is_not_linked_to_another;
    a_signed_in_user_links_and_unlinks;
    new_keys_of_the_provider_are_found;
    a_provider_that_is_away_leaves_nothing;
    github_has_the_primary_verified_address;
    the_userinfo_is_of_the_same_subject;
    refresh_tokens_are_sealed;
    disabled_accounts_stay_out;
}

/// A node whose settings name the fake provider, twice, and as GitHub.
pub(crate) struct Setting {
    pub(crate) provider: FakeIdentityProvider,
    node: Node,
}

pub(crate) async fn setting(app: &TestApp) -> Setting {
    setting_with(app, &[]).await
}

/// A node with further settings.
pub(crate) async fn setting_with(app: &TestApp, further: &[(&str, &str)]) -> Setting {
    let provider = FakeIdentityProvider::start(app.clock.clone()).await;
    let (url, id) = (provider.url().to_owned(), provider.client_id());
    let (authorize, token) = (format!("{url}/authorize"), format!("{url}/token"));
    let mut settings = vec![
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
    settings.extend(further);
    let node = app.another_node_with(&settings).await;
    provider.set_claims(ann());
    Setting { provider, node }
}

pub(crate) fn ann() -> Value {
    json!({"sub": "ann", "email": "ann@example.com", "email_verified": true, "name": "Ann Provided"})
}

/// A browser on its way: its cookie, and the provider's answer.
pub(crate) struct RoundTrip {
    pub(crate) cookie: String,
    pub(crate) callback: String,
}

impl RoundTrip {
    /// Comes back as a program does.
    pub(crate) async fn finish(&self, client: &Client) -> Answer {
        let program = client.header("accept", "application/json");
        program.header("cookie", &self.cookie).get(&self.callback).await
    }
}

/// Begins to sign in; returns the cookie of the browser, and the provider's address that it is sent to.
pub(crate) async fn begin(client: &Client, provider: &str, query: &str) -> (String, String) {
    let answer = client
        .get(&format!("/api/auth/oauth/{provider}{query}"))
        .await
        .expect(303);
    let all = answer.all("set-cookie");
    let cookie = all
        .iter()
        .find(|line| line.starts_with("browser=") || line.starts_with("__Host-browser="));
    let cookie = cookie.and_then(|line| line.split(';').next()).unwrap().to_owned();
    (cookie, answer.header("location").unwrap().to_owned())
}

impl Setting {
    pub(crate) fn client(&self) -> Client {
        self.node.client()
    }

    pub(crate) fn program(&self) -> Client {
        self.node.client().header("accept", "application/json")
    }

    /// Goes to a provider and consents there.
    pub(crate) async fn go(&self, client: &Client, provider: &str, query: &str) -> RoundTrip {
        let (cookie, location) = begin(client, provider, query).await;
        let (code, state) = self.provider.authorize(&location);
        let iss = match provider {
            "github" => String::new(),
            _ => format!("&iss={}", self.provider.url()),
        };
        let code = code.replace(' ', "%20");
        RoundTrip {
            cookie,
            callback: format!("/api/auth/oauth/{provider}/callback?code={code}&state={state}{iss}"),
        }
    }

    /// Comes back as a program does.
    pub(crate) async fn finish(&self, trip: &RoundTrip) -> Answer {
        trip.finish(&self.client()).await
    }

    pub(crate) async fn sign_in(&self, provider: &str) -> Answer {
        let trip = self.go(&self.client(), provider, "").await;
        self.finish(&trip).await
    }
}

pub(crate) fn cookie(answer: &Answer, name: &str) -> String {
    let start = format!("{name}=");
    let all = answer.all("set-cookie");
    let line = all.iter().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no cookie {name}: {answer:?}"));
    line[start.len()..].split(';').next().unwrap().to_owned()
}

pub(crate) async fn count(app: &TestApp, table: &str) -> String {
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

    // Another address there, perhaps of another account here, is the same account.
    app.customer("bob").await;
    at.provider
        .set_claims(json!({"sub": "ann", "email": "bob@example.com", "email_verified": true}));
    let again = at.sign_in("stub").await.expect(200).data();
    assert_eq!(again["user"]["id"], first["user"]["id"]);
    assert_eq!(again["user"]["email"], "ann@example.com");

    // Name and verification are the provider's.
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

async fn an_account_made_by_one_provider_is_not_linked_to_another(app: &TestApp) {
    let at = setting(app).await;
    at.sign_in("stub").await.expect(200);
    at.sign_in("other").await.expect_error(409, "CONFLICT");
    // An identity without an address makes no account.
    at.provider.set_claims(json!({"sub": "without"}));
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
    app.run_jobs().await;
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
    // The owner is informed once of each change, by the provider's label.
    app.run_jobs().await;
    assert_eq!(
        crate::email::subjects(app, &ann.email),
        [
            "Sign-in with Stub and sons was added to your account",
            "Sign-in with Stub and sons was removed from your account"
        ]
    );
    assert!(crate::email::subjects(app, &bob.email).is_empty());
    let admin = app.admin().await;
    for action in ["CREATE", "USE", "DELETE"] {
        let found = admin
            .get(&format!("/api/audit?resource=identity&action={action}"))
            .await
            .expect(200);
        assert!(!found.list().is_empty(), "{action}");
    }
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

async fn github_has_the_primary_verified_address(app: &TestApp) {
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
