use super::*;
use crate::crypto::base64url;
use crate::crypto::from_base64url;
use crate::crypto::master_key::MasterKey;
use crate::crypto::refresh::RefreshToken;
use crate::crypto::seal::Sealer;
use crate::crypto::signing_key::SigningKey;
use crate::crypto::token::{MAX_BYTES, TYPE, TokenAlgorithm, claimed_issue};
use aws_lc_rs::hmac;
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::random::Counting;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const NOW: i64 = 1_800_000_000;
const SECRET: &[u8] = b"a shared secret of at least 32 bytes";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn keys(count: usize) -> Vec<TokenKey> {
    let random = Counting::default();
    let sealer = Sealer::new(MasterKey::generate(&random), Vec::new());
    let make = |_| {
        SigningKey::generate(&sealer, &random, TokenAlgorithm::EdDsa)
            .open(&sealer)
            .unwrap()
    };
    (0..count).map(make).collect()
}

fn ring() -> KeyRing {
    KeyRing::new("mainstay", "api", keys(1).remove(0), Vec::new())
}

fn shared() -> KeyRing {
    KeyRing::new("mainstay", "api", TokenKey::hs256(SECRET).unwrap(), Vec::new())
}

fn claims() -> Claims {
    Claims {
        sub: UserId::from_uuid(Uuid::from_u128(1)),
        email: "a@example.org".into(),
        role: "user".into(),
        permissions: vec!["read:orders".into()],
        grants: vec![
            ("read:audit".into(), Some(NOW + 60)),
            ("export:data".into(), None),
        ],
        mfa: false,
        sid: SessionId::from_uuid(Uuid::from_u128(2)),
        jti: Uuid::from_u128(3),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 900,
        aud: "api".into(),
        iss: "mainstay".into(),
    }
}

/// A token signed with the shared secret, so that a test may put any content into a validly signed token.
fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = [header, claims]
        .map(|part| base64url(part.to_string().as_bytes()))
        .join(".");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", base64url(tag.as_ref()))
}

fn header(ring: &KeyRing) -> Value {
    json!({ "alg": "HS256", "typ": TYPE, "kid": ring.current() })
}

/// The result of verifying the claims after `change`, signed with the ring's own secret.
fn changed(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Result<Arc<Claims>, TokenError> {
    let ring = shared();
    let mut claims = serde_json::to_value(claims()).unwrap();
    change(claims.as_object_mut().unwrap());
    ring.verify(&forge(&header(&ring), &claims, SECRET), at(NOW))
}

fn es256() -> TokenKey {
    let random = Counting::default();
    let sealer = Sealer::new(MasterKey::generate(&random), Vec::new());
    SigningKey::generate(&sealer, &random, TokenAlgorithm::Es256)
        .open(&sealer)
        .unwrap()
}

#[test]
fn a_p256_key_is_published_as_an_elliptic_curve_key() {
    let ring = KeyRing::new("mainstay", "api", es256(), keys(1));
    let jwks = ring.jwks();
    let find = |alg: &str| {
        let all = jwks["keys"].as_array().unwrap();
        all.iter().find(|key| key["alg"] == alg).unwrap().clone()
    };
    let key = find("ES256");
    assert_eq!(
        (&key["kty"], &key["crv"], &key["kid"]),
        (&json!("EC"), &json!("P-256"), &json!(ring.current()))
    );
    for coordinate in ["x", "y"] {
        assert_eq!(
            from_base64url(key[coordinate].as_str().unwrap()).unwrap().len(),
            32
        );
    }
    assert!(key.get("d").is_none() && find("EdDSA").get("d").is_none());
}

#[test]
fn a_key_that_signs_later_takes_over_in_time() {
    let mut three = keys(3);
    let (third, second, first) = (three.remove(2), three.remove(1), three.remove(0));
    let others = vec![
        third.clone().signing_from(at(NOW + 200)),
        second
            .clone()
            .signing_from(at(NOW + 100))
            .accepted_until(at(NOW + 300)),
    ];
    let ring = KeyRing::new(
        "mainstay",
        "api",
        first.clone().accepted_until(at(NOW + 150)),
        others,
    );
    let signer = |iat: i64| {
        let claims = Claims {
            iat,
            nbf: iat,
            exp: iat + 900,
            ..claims()
        };
        let token = ring.sign(&claims).unwrap();
        assert!(ring.verify(&token, at(iat)).is_ok());
        let header = from_base64url(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(signer(NOW), first.id());
    assert_eq!(signer(NOW + 99), first.id());
    assert_eq!(signer(NOW + 100), second.id());
    assert_eq!(signer(NOW + 200), third.id());
    assert_eq!(
        ring.jwks()["keys"].as_array().unwrap().len(),
        3,
        "published before it signs"
    );
}

#[test]
fn a_signed_token_verifies_with_every_algorithm() {
    let p256 = KeyRing::new("mainstay", "api", es256(), Vec::new());
    for ring in [ring(), shared(), p256] {
        let token = ring.sign(&claims()).unwrap();
        for _ in 0..2 {
            assert_eq!(*ring.verify(&token, at(NOW)).unwrap(), claims());
        }
        assert_eq!(
            changed(|_| {}).as_deref(),
            Ok(&claims()),
            "the forged token is valid"
        );
    }
}

#[test]
fn the_header_is_that_of_an_access_token() {
    let ring = ring();
    let token = ring.sign(&claims()).unwrap();
    let header: Value =
        serde_json::from_slice(&from_base64url(token.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(
        header,
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": ring.current() })
    );
}

#[test]
fn a_refresh_token_is_not_an_access_token() {
    let refresh = RefreshToken::mint(SessionId::from_uuid(Uuid::from_u128(2)), 1, &[7; 32]);
    assert_eq!(
        ring().verify(&refresh.text(), at(NOW)),
        Err(TokenError::Malformed)
    );
    assert!(RefreshToken::parse(&ring().sign(&claims()).unwrap()).is_none());
}

#[test]
fn a_jwt_of_another_type_is_refused_although_signed_with_our_key() {
    let ring = shared();
    let claims = serde_json::to_value(claims()).unwrap();
    for typ in [
        json!("JWT"),
        json!("refresh+jwt"),
        json!("id_token"),
        json!(null),
        json!(""),
    ] {
        let header = json!({ "alg": "HS256", "typ": typ, "kid": ring.current() });
        let verdict = ring.verify(&forge(&header, &claims, SECRET), at(NOW));
        assert_eq!(verdict, Err(TokenError::WrongType), "{typ}");
    }
    let untyped = json!({ "alg": "HS256", "kid": ring.current() });
    assert_eq!(
        ring.verify(&forge(&untyped, &claims, SECRET), at(NOW)),
        Err(TokenError::WrongType)
    );
}

#[test]
fn alg_none_is_refused_with_and_without_a_signature() {
    for ring in [ring(), shared()] {
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let header = json!({ "alg": alg, "typ": TYPE, "kid": ring.current() });
            let signed = forge(&header, &serde_json::to_value(claims()).unwrap(), SECRET);
            let (message, _) = signed.rsplit_once('.').unwrap();
            for token in [signed.as_str(), &format!("{message}."), message] {
                let error = ring.verify(token, at(NOW)).unwrap_err();
                assert!(
                    matches!(error, TokenError::WrongAlgorithm | TokenError::Malformed),
                    "{alg} {error}"
                );
            }
        }
    }
}

#[test]
fn the_public_key_is_not_accepted_as_an_hmac_secret() {
    let ring = ring();
    let key = keys(1).remove(0);
    let header = json!({ "alg": "HS256", "typ": TYPE, "kid": ring.current() });
    let claims = serde_json::to_value(claims()).unwrap();
    let jwk = ring.jwks()["keys"][0].to_string();
    let x = ring.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    for secret in [key.public().unwrap(), x.as_bytes(), jwk.as_bytes()] {
        assert_eq!(
            ring.verify(&forge(&header, &claims, secret), at(NOW)),
            Err(TokenError::WrongAlgorithm)
        );
        // The same with the correct algorithm name: then the signature does not verify.
        let header = json!({ "alg": "EdDSA", "typ": TYPE, "kid": ring.current() });
        assert_eq!(
            ring.verify(&forge(&header, &claims, secret), at(NOW)),
            Err(TokenError::BadSignature)
        );
    }
}

#[test]
fn keys_in_the_header_are_not_used() {
    let ring = shared();
    let k = base64url(b"the secret of another host, 32 bytes");
    let claims = serde_json::to_value(claims()).unwrap();
    let mut header = header(&ring);
    header["jwk"] = json!({ "kty": "oct", "k": k });
    header["jku"] = json!("https://example.org/keys");
    let token = forge(&header, &claims, b"the secret of another host, 32 bytes");
    assert_eq!(ring.verify(&token, at(NOW)), Err(TokenError::BadSignature));
    header["crit"] = json!(["b64"]);
    assert_eq!(
        ring.verify(&forge(&header, &claims, SECRET), at(NOW)),
        Err(TokenError::Malformed)
    );
}

#[test]
fn every_registered_claim_is_required() {
    let names = [
        "sub",
        "email",
        "role",
        "permissions",
        "sid",
        "jti",
        "iat",
        "nbf",
        "exp",
        "aud",
        "iss",
    ];
    for name in names {
        assert_eq!(
            changed(|claims| drop(claims.remove(name))),
            Err(TokenError::Malformed),
            "without {name}"
        );
        let null = changed(|claims| drop(claims.insert(name.into(), Value::Null)));
        assert_eq!(null, Err(TokenError::Malformed), "{name}: null");
    }
    assert!(
        changed(|claims| drop(claims.remove("grants")))
            .unwrap()
            .grants
            .is_empty()
    );
}

#[test]
fn other_issuers_and_audiences_are_refused() {
    let with = |name: &str, value: Value| changed(|claims| drop(claims.insert(name.into(), value)));
    assert_eq!(with("iss", json!("other")), Err(TokenError::WrongIssuer));
    assert_eq!(with("iss", json!("Mainstay")), Err(TokenError::WrongIssuer));
    assert_eq!(with("aud", json!("other")), Err(TokenError::WrongAudience));
    assert_eq!(with("aud", json!("")), Err(TokenError::WrongAudience));
    assert_eq!(
        with("aud", json!(["api", "other"])),
        Err(TokenError::Malformed),
        "we write one audience"
    );
}

#[test]
fn expiry_has_no_leeway_and_not_before_has_thirty_seconds() {
    let ring = ring();
    let token = ring.sign(&claims()).unwrap();
    let end = at(NOW + 900);
    // Twice each, so that both the verification and the cache are tested.
    for _ in 0..2 {
        assert!(ring.verify(&token, end.before(Duration::from_micros(1))).is_ok());
        assert_eq!(ring.verify(&token, end), Err(TokenError::Expired));
        assert!(ring.verify(&token, at(NOW - 30)).is_ok());
        assert_eq!(
            ring.verify(&token, at(NOW - 30).before(Duration::from_micros(1))),
            Err(TokenError::NotYetValid)
        );
    }
    let set = |name: &str, value: i64| changed(|claims| drop(claims.insert(name.into(), json!(value))));
    assert_eq!(set("nbf", NOW + 31), Err(TokenError::NotYetValid));
    assert_eq!(set("iat", NOW + 31), Err(TokenError::NotYetValid));
    assert_eq!(set("exp", i64::MIN), Err(TokenError::Expired));
    assert_eq!(set("nbf", i64::MAX), Err(TokenError::NotYetValid));
    assert!(set("exp", i64::MAX).is_ok());
    let fraction = changed(|claims| drop(claims.insert("exp".into(), json!(1.9e9))));
    assert_eq!(fraction, Err(TokenError::Malformed));
}

#[test]
fn a_token_with_a_changed_character_is_refused() {
    let ring = ring();
    let token = ring.sign(&claims()).unwrap();
    assert!(ring.verify(&token, at(NOW)).is_ok());
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(ring.verify(&changed, at(NOW)).is_err(), "{index}");
        assert!(ring.verify(&token[..index], at(NOW)).is_err(), "cut at {index}");
    }
    for other in [
        format!("{token}="),
        format!("{token}."),
        format!(" {token}"),
        format!("{token}\n"),
    ] {
        assert!(ring.verify(&other, at(NOW)).is_err(), "{other:?}");
    }
}

#[test]
fn a_retiring_key_and_its_cached_tokens_are_accepted_until_it_retires() {
    let mut two = keys(2);
    let (new, old) = (two.remove(1), two.remove(0));
    let ring = KeyRing::new("mainstay", "api", old.clone(), Vec::new());
    let token = ring.sign(&claims()).unwrap();
    ring.replace(new.clone(), vec![old.clone().retiring(at(NOW + 10))]);
    assert_eq!(ring.current(), new.id());
    for _ in 0..2 {
        assert!(ring.verify(&token, at(NOW + 9)).is_ok());
        assert_eq!(
            ring.verify(&token, at(NOW + 10)),
            Err(TokenError::UnknownKey(old.id().to_owned()))
        );
    }
    assert!(ring.verify(&token, at(NOW)).is_ok(), "in the cache again");
    let generation = ring.generation();
    ring.replace(new, Vec::new());
    assert_ne!(
        ring.generation(),
        generation,
        "caches of verified tokens see the change"
    );
    assert_eq!(
        ring.verify(&token, at(NOW)),
        Err(TokenError::UnknownKey(old.id().to_owned()))
    );
}

#[test]
fn the_claimed_issue_time_is_read_without_the_key() {
    let token = ring().sign(&claims()).unwrap();
    assert_eq!(claimed_issue(&token), Some(at(NOW)));
    for other in ["", "x", "a.b.c", &token[..token.len() / 2]] {
        assert_eq!(claimed_issue(other), None, "{other:?}");
    }
}

#[test]
fn the_cache_of_verified_tokens_is_bounded_and_correct() {
    let ring = shared();
    let sign = |n| {
        ring.sign(&Claims {
            jti: Uuid::from_u128(n),
            ..claims()
        })
        .unwrap()
    };
    for n in 0..12_000 {
        assert_eq!(ring.verify(&sign(n), at(NOW)).unwrap().jti.as_u128(), n);
    }
    assert!(
        (4_000..=10_000).contains(&ring.verified.len()),
        "{}",
        ring.verified.len()
    );
    for n in (0..12_000).step_by(100) {
        assert_eq!(ring.verify(&sign(n), at(NOW)).unwrap().jti.as_u128(), n);
    }
    assert_eq!(ring.verify("x", at(NOW)), Err(TokenError::Malformed));
    ring.replace(TokenKey::hs256(SECRET).unwrap(), Vec::new());
    assert_eq!(ring.verified.len(), 0);
}

#[test]
fn refused_tokens_are_not_cached() {
    let ring = shared();
    let token = ring.sign(&claims()).unwrap();
    assert_eq!(ring.verify(&token, at(NOW + 900)), Err(TokenError::Expired));
    assert_eq!(
        ring.verify(&format!("{token}x"), at(NOW)),
        Err(TokenError::BadSignature)
    );
    assert_eq!(ring.verified.len(), 0);
}

#[test]
fn a_retiring_key_does_not_sign() {
    let key = keys(1).remove(0).retiring(at(NOW + 10));
    assert_eq!(
        KeyRing::new("mainstay", "api", key, Vec::new()).sign(&claims()),
        Err(CannotSign)
    );
}

#[test]
fn the_key_set_contains_public_keys_and_never_the_shared_secret() {
    let mut two = keys(2);
    let retiring = two.remove(1).retiring(at(NOW + 10));
    let ring = KeyRing::new(
        "mainstay",
        "api",
        TokenKey::hs256(SECRET).unwrap(),
        vec![two.remove(0), retiring],
    );
    let set = ring.jwks();
    let listed = set["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    for jwk in listed {
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!((&jwk["kty"], &jwk["alg"]), (&json!("OKP"), &json!("EdDSA")));
    }
    assert!(!set.to_string().contains(&base64url(SECRET)));
    assert_eq!(shared().jwks(), json!({ "keys": [] }));
}

#[test]
fn tokens_that_are_too_long_are_neither_signed_nor_parsed() {
    let ring = shared();
    let long = Claims {
        permissions: vec!["x".repeat(MAX_BYTES)],
        ..claims()
    };
    assert_eq!(ring.sign(&long), Err(CannotSign));
    let forged = forge(&header(&ring), &serde_json::to_value(long).unwrap(), SECRET);
    assert_eq!(ring.verify(&forged, at(NOW)), Err(TokenError::Malformed));
}

#[test]
fn a_short_shared_secret_is_refused_and_no_secret_is_printed() {
    assert_eq!(
        TokenKey::hs256(&[b'x'; 31]).unwrap_err().to_string(),
        "the shared secret has fewer than 32 bytes"
    );
    let printed = format!("{:?}", shared());
    assert!(
        printed.contains("HS256") && !printed.contains("shared secret"),
        "{printed}"
    );
}

proptest! {
    #[test]
    fn verifying_never_panics(text in "[A-Za-z0-9_=.-]{0,200}|.{0,100}", inner in ".{0,60}") {
        let ring = shared();
        prop_assert!(ring.verify(&text, at(NOW)).is_err());
        let part = base64url(inner.as_bytes());
        let thrice = [part.as_str(); 3].join(".");
        prop_assert!(ring.verify(&thrice, at(NOW)).is_err());
    }

    #[test]
    fn no_signed_claims_cause_a_panic(name in "[a-z]{3,11}", number: i64, text in ".{0,30}") {
        let _ = changed(|claims| drop(claims.insert("exp".into(), json!(number))));
        let _ = changed(|claims| drop(claims.insert(name.clone(), json!(text))));
    }
}
