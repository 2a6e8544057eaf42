//! Sign-in by a real OpenID provider: npm `oidc-provider` with its pages for login and consent. The attacks are in
//! `provider_attacks`, by a provider that answers as an attacker's would.

use crate::SECOND;
use crate::provider::{RoundTrip, ann, begin, cookie, count};
use mainstay_domain::time::Clock as _;
use mainstay_platform::clock::SystemClock;
use mainstay_testkit::{
    Answer, CLIENT_SECRET, Client, Node, OpenIdProvider, ProviderBrowser, TestApp, on_both_engines,
};
use serde_json::json;

on_both_engines! {
    an_account_there_is_one_account_here;
    a_browser_comes_back_signed_in;
    a_signed_in_user_links_and_unlinks_it;
    trap_09_it_demands_the_verifier_of_the_code;
    its_new_key_is_found;
    where_it_is_down_nothing_is_left;
    its_refresh_token_is_sealed;
}

/// A provider, and a node whose settings name it twice.
struct Setting {
    provider: OpenIdProvider,
    node: Node,
}

/// `None` where the provider cannot be installed.
async fn setting(app: &TestApp) -> Option<Setting> {
    let mut provider = OpenIdProvider::start(CLIENT_SECRET).await?;
    keep_time(app);
    let (url, id) = (provider.url(), provider.client_id());
    let settings = [
        ("OIDC_REAL_ISSUER", &*url),
        ("OIDC_REAL_CLIENT_ID", id),
        ("OIDC_REAL_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_OFFLINE_ISSUER", &*url),
        ("OIDC_OFFLINE_CLIENT_ID", id),
        ("OIDC_OFFLINE_CLIENT_SECRET", CLIENT_SECRET),
        ("OIDC_OFFLINE_OFFLINE_ACCESS", "on"),
    ];
    let node = app.another_node_with(&settings).await;
    let callback = |name: &str| format!("{}/api/auth/oauth/{name}/callback", node.url());
    provider
        .register(vec![callback("real"), callback("offline")])
        .await;
    provider.set_account(ann()).await;
    Some(Setting { provider, node })
}

/// Moves the clock of the app to the machine's time, which is the provider's, and a browser's.
pub(crate) fn keep_time(app: &TestApp) {
    let now = SystemClock.now();
    if app.now() < now {
        app.clock.set(now);
    }
}

impl Setting {
    fn client(&self) -> Client {
        self.node.client()
    }

    /// Goes to the provider, signs in there and consents.
    async fn go(
        &self,
        client: &Client,
        browser: &ProviderBrowser,
        to: (&str, &str),
        login: &str,
    ) -> RoundTrip {
        let (cookie, location) = begin(client, to.0, to.1).await;
        let back = browser.consent(&location, login).await;
        let callback = back.strip_prefix(self.node.url());
        let callback = callback
            .unwrap_or_else(|| panic!("not sent back: {back}"))
            .to_owned();
        RoundTrip { cookie, callback }
    }

    /// Signs in by the provider with a new browser.
    async fn sign_in(&self, app: &TestApp, provider: &str, login: &str) -> Answer {
        self.sign_in_with(app, &ProviderBrowser::default(), provider, login)
            .await
    }

    async fn sign_in_with(
        &self,
        app: &TestApp,
        browser: &ProviderBrowser,
        provider: &str,
        login: &str,
    ) -> Answer {
        keep_time(app);
        let trip = self.go(&self.client(), browser, (provider, ""), login).await;
        trip.finish(&self.client()).await
    }
}

async fn an_account_there_is_one_account_here(app: &TestApp) {
    let Some(mut at) = setting(app).await else { return };
    let browser = ProviderBrowser::default();
    let first = at
        .sign_in_with(app, &browser, "real", "ann")
        .await
        .expect(200)
        .data();
    let user = &first["user"];
    assert_eq!(
        (&user["email"], &user["name"], &user["emailVerified"]),
        (&json!("ann@example.com"), &json!("Ann Provided"), &json!(true))
    );
    // The provider knows this browser, and shows no page.
    let again = at
        .sign_in_with(app, &browser, "real", "")
        .await
        .expect(200)
        .data();
    assert_eq!(again["user"]["id"], user["id"]);
    // The address there changes.
    at.provider
        .set_account(json!({"sub": "ann", "email": "ann@married.example", "email_verified": true}))
        .await;
    let moved = at.sign_in(app, "real", "ann").await.expect(200).data();
    assert_eq!(
        (&moved["user"]["id"], &moved["user"]["email"]),
        (&user["id"], &json!("ann@example.com"))
    );
    let own = at.client().bearer(moved["accessToken"].as_str().unwrap());
    own.get("/api/users/me").await.expect(200);
    // An account there without an address makes none here.
    at.provider.set_account(json!({"sub": "nameless"})).await;
    at.sign_in(app, "real", "nameless")
        .await
        .expect_error(403, "EMAIL_UNVERIFIED");
    assert_eq!(
        (count(app, "users").await, count(app, "identities").await),
        ("1".to_owned(), "1".to_owned())
    );
}

async fn a_browser_comes_back_signed_in(app: &TestApp) {
    let Some(at) = setting(app).await else { return };
    let (page, browser) = (
        at.client().header("accept", "text/html"),
        ProviderBrowser::default(),
    );
    let to = ("real", "?returnTo=/account%3Ftab%3D1");
    let trip = at.go(&page, &browser, to, "ann").await;
    let answer = page
        .header("cookie", &trip.cookie)
        .get(&trip.callback)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), Some("/account?tab=1"));
    let signed_in = at.client().bearer(&cookie(&answer, "accessToken"));
    signed_in.get("/api/users/me").await.expect(200);
    // The person cancels on the provider's page.
    let (cookie, location) = begin(&page, to.0, to.1).await;
    let back = ProviderBrowser::default().decline(&location).await;
    let callback = back.strip_prefix(at.node.url()).unwrap();
    assert!(callback.contains("error=access_denied"), "{callback}");
    let answer = page.header("cookie", &cookie).get(callback).await.expect(303);
    assert_eq!(answer.header("location"), Some("/account?tab=1&error=FORBIDDEN"));
}

async fn a_signed_in_user_links_and_unlinks_it(app: &TestApp) {
    let Some(mut at) = setting(app).await else { return };
    let bob = app.customer("bob").await;
    let here = at.client().bearer(&bob.access);
    at.provider
        .set_account(json!({"sub": "b", "email": "bob@elsewhere.example", "email_verified": true}))
        .await;
    let trip = at.go(&here, &ProviderBrowser::default(), ("real", ""), "b").await;
    let linked = trip.finish(&at.client()).await.expect(200).data();
    assert_eq!(linked["provider"], "real");
    let user = at.sign_in(app, "real", "b").await.expect(200).data()["user"].clone();
    assert_eq!(
        (&user["id"], &user["email"]),
        (&json!(bob.id), &json!("bob@example.com"))
    );
    let path = format!("/api/auth/identities/{}", linked["id"].as_str().unwrap());
    here.delete(&path).await.expect(204);
    assert!(
        here.get("/api/auth/identities")
            .await
            .expect(200)
            .list()
            .is_empty()
    );
    // Unlinked, it is an account of its own, of which it is the last way in.
    let other = at.sign_in(app, "real", "b").await.expect(200).data();
    assert_ne!(other["user"]["id"], json!(bob.id));
    let other = at.client().bearer(other["accessToken"].as_str().unwrap());
    let identities = other.get("/api/auth/identities").await.expect(200).list();
    let path = format!("/api/auth/identities/{}", identities[0]["id"].as_str().unwrap());
    other.delete(&path).await.expect_error(409, "CONFLICT");
    app.run_jobs().await;
}

async fn trap_09_it_demands_the_verifier_of_the_code(app: &TestApp) {
    let Some(at) = setting(app).await else { return };
    // Without a challenge, the provider shows no page.
    let (cookie, location) = begin(&at.client(), "real", "").await;
    assert!(location.contains("code_challenge_method=S256"), "{location}");
    let (page, parameters) = location.split_once('?').unwrap();
    let parameters: Vec<_> = parameters
        .split('&')
        .filter(|one| !one.starts_with("code_challenge"))
        .collect();
    let without = format!("{page}?{}", parameters.join("&"));
    let back = ProviderBrowser::default().consent(&without, "ann").await;
    assert!(back.contains("error=invalid_request"), "{back}");
    let callback = back.strip_prefix(at.node.url()).unwrap().to_owned();
    let refused = RoundTrip { cookie, callback }.finish(&at.client()).await;
    refused.expect_error(401, "INVALID_CREDENTIALS");
    // A code is worth nothing to a client that has the secret and not the verifier.
    let trip = at
        .go(&at.client(), &ProviderBrowser::default(), ("real", ""), "ann")
        .await;
    let code = trip
        .callback
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let redirect_uri = format!("{}/api/auth/oauth/real/callback", at.node.url());
    for verifier in [None, Some("a".repeat(43))] {
        let exchanged = at
            .provider
            .exchange(code, &redirect_uri, verifier.as_deref())
            .await;
        assert_eq!(exchanged, (400, "invalid_grant".to_owned()), "{verifier:?}");
    }
    assert_eq!(count(app, "users").await, "0");
    trip.finish(&at.client()).await.expect(200);
}

async fn its_new_key_is_found(app: &TestApp) {
    let Some(mut at) = setting(app).await else { return };
    let first = at.sign_in(app, "real", "ann").await.expect(200).data();
    at.provider.rotate_key().await;
    // Not read again before half a minute, however many tokens of unknown keys come.
    app.advance(31 * SECOND);
    let again = at.sign_in(app, "real", "ann").await.expect(200).data();
    assert_eq!(again["user"]["id"], first["user"]["id"]);
}

async fn where_it_is_down_nothing_is_left(app: &TestApp) {
    let Some(mut at) = setting(app).await else { return };
    at.provider.stop().await;
    let answer = at.client().get("/api/auth/oauth/real").await;
    let answer = answer.expect_error(503, "UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
    at.provider.start_again().await;
    // It goes down while the person is on its pages.
    let browser = ProviderBrowser::default();
    let program = at.go(&at.client(), &browser, ("real", ""), "ann").await;
    let page = at
        .go(&at.client(), &browser, ("real", "?returnTo=/x"), "ann")
        .await;
    at.provider.stop().await;
    let answer = program.finish(&at.client()).await;
    answer.expect_error(503, "UNAVAILABLE");
    let returning = at.client().header("cookie", &page.cookie);
    let answer = returning.get(&page.callback).await.expect(303);
    assert_eq!(answer.header("location"), Some("/x?error=UNAVAILABLE"));
    assert!(answer.all("set-cookie").is_empty(), "{answer:?}");
    assert_eq!(
        (count(app, "users").await, count(app, "identities").await),
        ("0".to_owned(), "0".to_owned())
    );
    at.provider.start_again().await;
    app.advance(31 * SECOND);
    at.sign_in(app, "real", "ann").await.expect(200);
}

async fn its_refresh_token_is_sealed(app: &TestApp) {
    let Some(mut at) = setting(app).await else { return };
    at.sign_in(app, "offline", "ann").await.expect(200);
    assert_eq!(count(app, "identity_tokens").await, "1");
    let issued = at.provider.issued().await;
    assert_eq!(issued.len(), 3, "an access, a refresh and an id token");
    let column = match app.database_engine() {
        mainstay_testkit::Engine::Sqlite => "hex(refresh_token)",
        mainstay_testkit::Engine::Postgres => "encode(refresh_token, 'hex')",
    };
    let sealed = app
        .query_raw(&format!("SELECT {column} FROM identity_tokens"))
        .await;
    let sealed = sealed[0][0].clone().unwrap().to_lowercase();
    let (events, stored, lines) = (
        app.query_raw("SELECT CAST(payload AS TEXT) FROM outbox").await,
        app.query_raw("SELECT CAST(payload AS TEXT) FROM one_time_tokens")
            .await,
        app.request_lines(),
    );
    let audit = app
        .admin()
        .await
        .get("/api/audit?limit=100")
        .await
        .expect(200)
        .text();
    let plain = format!("{audit} {events:?} {stored:?} {lines:?}");
    assert!(plain.contains("identity"), "{plain}");
    for token in issued {
        let hex: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!sealed.contains(&hex) && !plain.contains(&token), "{token}");
        assert!(!mainstay_testkit::captured().contains(&token), "{token}");
    }
}
