//! A fake identity provider, which also answers as an attacker's would.

use crate::http_server::{HttpServer, Received, Reply};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::clock::ManualClock;
use mainstay_platform::crypto::{base64url, hmac_sha256, sha256};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// How the fake provider signs id tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// As it should: ES256.
    Es256,
    /// With a key that it does not publish.
    UnpublishedKey,
    /// HS256, with the published key as the secret: algorithm confusion.
    PublicKeyAsSecret,
    /// HS256, with the client's secret.
    ClientSecret,
    /// Not at all: `none`.
    None,
}

/// A provider that speaks OpenID Connect and GitHub's API. It signs in the account that the test sets.
pub struct FakeIdentityProvider {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

struct State {
    clock: Arc<ManualClock>,
    issuer: String,
    keys: Vec<(String, EcdsaKeyPair)>,
    /// What the id token says besides issuer, audience, times and nonce; what it has here wins.
    claims: Value,
    signing: Signing,
    user_info: Option<Value>,
    github: Value,
    available: bool,
    codes: HashMap<String, Request>,
    count: usize,
    secrets: Vec<String>,
}

/// What the provider remembers of an authorization request.
#[derive(Clone)]
struct Request {
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

/// The client secret that the provider expects.
pub const CLIENT_SECRET: &str = "the secret of the client";
const CLIENT_ID: &str = "mainstay-test";

impl FakeIdentityProvider {
    /// Starts a provider by the clock of the test.
    pub async fn start(clock: Arc<ManualClock>) -> Self {
        let state = Arc::new(Mutex::new(State {
            clock,
            issuer: String::new(),
            keys: vec![key("first")],
            claims: json!({}),
            signing: Signing::Es256,
            user_info: None,
            github: json!({}),
            available: true,
            codes: HashMap::new(),
            count: 0,
            secrets: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let server = HttpServer::start(move |received| shared.lock().reply(&received)).await;
        state.lock().issuer.clone_from(&server.url);
        Self { server, state }
    }

    /// Its address, which is also its issuer.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// The client id that it issued.
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// The account that signs in next: the claims of its id token.
    pub fn set_claims(&self, claims: Value) {
        self.state.lock().claims = claims;
    }

    /// How id tokens are signed from now on.
    pub fn set_signing(&self, signing: Signing) {
        self.state.lock().signing = signing;
    }

    /// What the userinfo endpoint answers; `None`: 401.
    pub fn set_user_info(&self, user_info: Option<Value>) {
        self.state.lock().user_info = user_info;
    }

    /// What GitHub's API answers, by path: `{"/user": …, "/user/emails": …}`.
    pub fn set_github(&self, answers: Value) {
        self.state.lock().github = answers;
    }

    /// Whether it answers; it fails with 503 otherwise.
    pub fn set_available(&self, available: bool) {
        self.state.lock().available = available;
    }

    /// Replaces its signing key: the old one is published no more.
    pub fn rotate_key(&self) {
        let mut state = self.state.lock();
        let name = format!("key {}", state.count);
        state.keys = vec![key(&name)];
    }

    /// Access and refresh tokens that it has issued.
    pub fn secrets(&self) -> Vec<String> {
        self.state.lock().secrets.clone()
    }

    /// Consents to the authorization request of a `Location`; returns code and state.
    ///
    /// # Panics
    /// When the request lacks PKCE by S256, state or nonce.
    pub fn authorize(&self, location: &str) -> (String, String) {
        let url = Url::parse(location).expect("an address");
        let given: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let take = |name: &str| {
            given
                .get(name)
                .unwrap_or_else(|| panic!("no {name}: {location}"))
                .clone()
        };
        assert_eq!(take("code_challenge_method"), "S256");
        assert_eq!(take("response_type"), "code");
        assert_eq!(take("client_id"), CLIENT_ID);
        assert!(take("state").len() >= 43 && take("nonce").len() >= 43);
        let mut state = self.state.lock();
        state.count += 1;
        let code = format!("code {}", state.count);
        let request = Request {
            nonce: take("nonce"),
            challenge: take("code_challenge"),
            redirect_uri: take("redirect_uri"),
        };
        state.codes.insert(code.clone(), request);
        (code, take("state"))
    }
}

impl State {
    fn reply(&mut self, received: &Received) -> Reply {
        if !self.available {
            return (503, String::new());
        }
        let issuer = &self.issuer;
        match received.path.as_str() {
            "/.well-known/openid-configuration" => ok(&json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/jwks"),
                "userinfo_endpoint": format!("{issuer}/userinfo"),
                "authorization_response_iss_parameter_supported": true,
            })),
            "/jwks" => ok(&json!({"keys": self.keys.iter().map(jwk).collect::<Vec<_>>()})),
            "/token" => self.token(received),
            "/userinfo" => match &self.user_info {
                Some(info) => ok(info),
                None => (401, "{}".to_owned()),
            },
            path => match self.github.get(path) {
                Some(answer) => ok(answer),
                None => (404, "{}".to_owned()),
            },
        }
    }

    fn token(&mut self, received: &Received) -> Reply {
        let form: HashMap<_, _> = form_urlencoded::parse(received.body.as_bytes())
            .into_owned()
            .collect();
        let refused = (400, json!({"error": "invalid_grant"}).to_string());
        // A code works once (RFC 6749, 4.1.2).
        let Some(request) = form.get("code").and_then(|code| self.codes.remove(code)) else {
            return refused;
        };
        let verifier = form.get("code_verifier").map(String::as_str).unwrap_or_default();
        let proved = base64url(&sha256(verifier.as_bytes())) == request.challenge;
        let authenticated = received.headers.contains_key("authorization")
            || form
                .get("client_secret")
                .is_some_and(|secret| secret == CLIENT_SECRET);
        if !proved || !authenticated || form.get("redirect_uri") != Some(&request.redirect_uri) {
            return refused;
        }
        self.count += 1;
        let access = format!("access-{}", self.count);
        let refresh = format!("refresh-{}", self.count);
        self.secrets.extend([access.clone(), refresh.clone()]);
        ok(&json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": refresh,
            "id_token": self.id_token(&request, &access),
        }))
    }

    fn id_token(&self, request: &Request, access: &str) -> String {
        let now: Timestamp = self.clock.now();
        let mut claims = json!({
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "sub-1",
            "iat": now.seconds(),
            "exp": now.seconds() + 300,
            "nonce": request.nonce,
            "at_hash": base64url(&sha256(access.as_bytes())[..16]),
        });
        for (name, value) in self.claims.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let (name, own) = &self.keys[0];
        let algorithm = match self.signing {
            Signing::Es256 | Signing::UnpublishedKey => "ES256",
            Signing::PublicKeyAsSecret | Signing::ClientSecret => "HS256",
            Signing::None => "none",
        };
        let header = json!({"alg": algorithm, "kid": name, "typ": "JWT"});
        let signed = [header, claims]
            .map(|part| base64url(part.to_string().as_bytes()))
            .join(".");
        let signature = match self.signing {
            Signing::Es256 => sign(own, &signed),
            Signing::UnpublishedKey => sign(&key("other").1, &signed),
            Signing::PublicKeyAsSecret => hmac_sha256(own.public_key().as_ref(), signed.as_bytes()).to_vec(),
            Signing::ClientSecret => hmac_sha256(CLIENT_SECRET.as_bytes(), signed.as_bytes()).to_vec(),
            Signing::None => Vec::new(),
        };
        format!("{signed}.{}", base64url(&signature))
    }
}

fn ok(body: &Value) -> Reply {
    (200, body.to_string())
}

fn key(name: &str) -> (String, EcdsaKeyPair) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("the system gives randomness");
    (name.to_owned(), key)
}

fn sign(key: &EcdsaKeyPair, text: &str) -> Vec<u8> {
    let signature = key.sign(&SystemRandom::new(), text.as_bytes());
    signature.expect("the system gives randomness").as_ref().to_vec()
}

/// The public key (RFC 7518, 6.2): the point is 4, x and y, of 32 bytes each.
fn jwk((name, key): &(String, EcdsaKeyPair)) -> Value {
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": name, "x": base64url(x), "y": base64url(y)})
}
