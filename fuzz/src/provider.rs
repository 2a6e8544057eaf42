//! What identity providers send, through the browser and themselves.

use crate::with_text;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use mainstay_integrations::identity::fuzzing::{self, CLIENT_ID, ISSUER, NONCE, NOW};
use mainstay_platform::crypto::base64url;
use mainstay_services::account::{CallbackParams, ReturnTo};
use serde_json::{Value, json};
use std::sync::LazyLock;
use url::{Url, form_urlencoded};

const OWN: &str = "https://shop.example";
const ALLOWED: &str = "https://app.example";

/// The query of a callback: what counts occurs once. An address to return to stays at this site or an allowed one,
/// however it is read.
pub fn callback(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Ok(params) = CallbackParams::parse(text) {
            let count = |name: &str| {
                let pairs = form_urlencoded::parse(text.as_bytes());
                pairs.filter(|(given, _)| given == name).count()
            };
            assert_eq!(count("state"), usize::from(params.state.is_some()));
            assert_eq!(count("code"), usize::from(params.code.is_some()));
            assert_eq!(count("iss"), usize::from(params.issuer.is_some()));
            assert_eq!(count("error"), usize::from(params.error.is_some()));
        }
        if let Ok(return_to) = ReturnTo::parse(text, OWN, &[ALLOWED.to_owned()]) {
            let kept = return_to.as_str();
            assert!(!kept.starts_with("//") && !kept.contains(['\\', '#']) && kept.is_ascii());
            let own = Url::parse(OWN).expect("an address");
            let read = own.join(kept).expect("what was accepted is an address");
            let origin = read.origin().ascii_serialization();
            assert!([OWN, ALLOWED].contains(&&*origin), "{kept} leads to {origin}");
            // Escapes may make it longer than what is accepted.
            if kept.len() <= text.len() {
                assert_eq!(ReturnTo::parse(kept, OWN, &[ALLOWED.to_owned()]), Ok(return_to));
            }
        }
    });
}

/// What a provider answers: its discovery document, its keys, tokens, and what it says of a person.
pub fn provider_documents(bytes: &[u8]) {
    fuzzing::documents(bytes);
}

/// Signs here what the fuzzer makes, so that it gets beyond the signature.
static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes are a seed"));
/// The key set of the provider.
static KEYS: LazyLock<String> = LazyLock::new(|| {
    let x = base64url(KEY.public_key().as_ref());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "a", "x": x}]})
        .to_string()
});

/// An id token is proved by a signature of the provider alone, and only with the claims that the attempt requires. The
/// input is a token, or the header and the claims of one that is signed here, in two lines.
pub fn id_token(bytes: &[u8]) {
    with_text(bytes, |text| {
        assert!(!fuzzing::is_proved(text, &KEYS));
        let Some((header, claims)) = text.split_once('\n') else {
            return;
        };
        let covered = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let signature = KEY.sign(covered.as_bytes());
        let token = format!("{covered}.{}", base64url(signature.as_ref()));
        if !fuzzing::is_proved(&token, &KEYS) {
            return;
        }
        let header: Value = serde_json::from_str(header).expect("an accepted header is JSON");
        assert_eq!(header["alg"], "EdDSA");
        let claims: Value = serde_json::from_str(claims).expect("accepted claims are JSON");
        assert_eq!(
            (&claims["iss"], &claims["nonce"]),
            (&json!(ISSUER), &json!(NONCE))
        );
        let is_ours = match claims["aud"].as_array() {
            Some(audiences) => !audiences.is_empty() && audiences.iter().all(|one| one == CLIENT_ID),
            None => claims["aud"] == CLIENT_ID,
        };
        assert!(is_ours, "{claims}");
        assert!(
            claims["exp"].as_f64().is_some_and(|end| end >= NOW as f64),
            "{claims}"
        );
    });
}
