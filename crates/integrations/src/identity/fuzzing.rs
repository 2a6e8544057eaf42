//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::client::{CodeExchange, ProviderIdToken};
use super::github::{Account, Address};
use super::http::Http;
use super::id_token::ExpectedClaims;
use super::metadata::Metadata;
use super::oidc::UserInfo;
use http::StatusCode;
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::{AppEnv, IdentityProvider, Settings};
use openidconnect::core::CoreJsonWebKeySet;
use openidconnect::{AccessToken, IssuerUrl};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use url::Url;

/// The issuer of the provider in the settings.
pub const ISSUER: &str = "https://idp.example";
/// The identifier of this server there.
pub const CLIENT_ID: &str = "mainstay";
/// The nonce that an id token has to have.
pub const NONCE: &str = "a nonce";
/// The present, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;

/// A production server with one provider.
static CONFIGURED: LazyLock<(Http, IdentityProvider)> = LazyLock::new(|| {
    let variables = [
        ("OIDC_STUB_ISSUER", ISSUER),
        ("OIDC_STUB_CLIENT_ID", CLIENT_ID),
        ("OIDC_STUB_CLIENT_SECRET", "the secret of the client"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let loaded = Settings::read(&[], &BTreeMap::from(variables), None);
    let mut settings = loaded.expect("the settings are valid").settings;
    settings.env = AppEnv::Production;
    let http = Http::new(&settings).expect("an HTTP client needs no network");
    (http, settings.identity_providers.list[0].clone())
});

/// Reads bytes as each of the documents that a provider answers with. A discovery document that is accepted leads to
/// encrypted addresses of the expected issuer; no key set proves a token that was not signed.
pub fn documents(bytes: &[u8]) {
    let (http, provider) = &*CONFIGURED;
    let metadata: Option<Metadata> = serde_json::from_slice(bytes).ok();
    if let Some(Ok(metadata)) = metadata.map(|metadata| metadata.checked(http, provider)) {
        assert_eq!(metadata.issuer, ISSUER);
        for url in [
            &metadata.authorization_endpoint,
            &metadata.token_endpoint,
            &metadata.jwks_uri,
        ] {
            let url = Url::parse(url).expect("an accepted address is one");
            assert_eq!(url.scheme(), "https");
        }
        let _ = metadata.secret_in_body();
    }
    let exchange = CodeExchange {
        provider: "stub",
        token_url: "https://idp.example/token",
        client: (CLIENT_ID, "the secret of the client"),
        secret_in_body: false,
    };
    assert!(exchange.read(StatusCode::BAD_REQUEST, bytes).is_err());
    let _ = exchange.read(StatusCode::OK, bytes);
    let _ = serde_json::from_slice::<UserInfo>(bytes);
    let _ = serde_json::from_slice::<Account>(bytes);
    let _ = serde_json::from_slice::<Vec<Address>>(bytes);
    if let Ok(keys) = std::str::from_utf8(bytes) {
        for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none"] {
            assert!(!is_proved(&unsigned(algorithm), keys));
        }
    }
}

/// A token with good claims and no signature of anyone.
fn unsigned(algorithm: &str) -> String {
    let encoded = |part: Value| mainstay_platform::crypto::base64url(part.to_string().as_bytes());
    let header = serde_json::json!({"alg": algorithm, "kid": "a"});
    let claims = serde_json::json!({
        "iss": ISSUER, "aud": CLIENT_ID, "sub": "ann", "iat": NOW, "exp": NOW + 300, "nonce": NONCE
    });
    format!("{}.{}.AAAA", encoded(header), encoded(claims))
}

/// Whether an id token (a compact JWS) is proved by the keys of a set (JSON).
pub fn is_proved(token: &str, keys: &str) -> bool {
    let Ok(token) = serde_json::from_value::<ProviderIdToken>(Value::String(token.to_owned())) else {
        return false;
    };
    let Ok(keys) = serde_json::from_str::<CoreJsonWebKeySet>(keys) else {
        return false;
    };
    let expected = ExpectedClaims {
        issuer: &IssuerUrl::new(ISSUER.to_owned()).expect("an address"),
        client_id: CLIENT_ID,
        nonce: NONCE,
        access_token: &AccessToken::new("an access token".to_owned()),
        now: Timestamp::from_seconds(NOW),
    };
    expected.verify(&token, &keys).is_ok()
}
