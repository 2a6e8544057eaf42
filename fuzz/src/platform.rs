//! Parsers of secrets, tokens and settings.

use crate::{lines, with_text};
use mainstay_domain::email_code::EmailCode;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::Settings;
use mainstay_platform::crypto::api_key::ApiKeySecret;
use mainstay_platform::crypto::key_ring::KeyRing;
use mainstay_platform::crypto::master_key::MasterKey;
use mainstay_platform::crypto::opaque::OpaqueToken;
use mainstay_platform::crypto::passkey::{
    AssertionResponse, AttestationResponse, Ceremony, MAX_CREDENTIAL_ID, PasskeyUser, RelyingParty,
};
use mainstay_platform::crypto::recovery_code::RecoveryCode;
use mainstay_platform::crypto::refresh::RefreshToken;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::token::{TokenKey, claimed_issue};
use mainstay_platform::crypto::totp::{self, TotpSecret};
use mainstay_platform::crypto::{base64url, device, from_base64url, sha256};
use mainstay_platform::database::{sqlite_path, sqlite_url};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Signs no token here, so no token may be accepted.
static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let key = TokenKey::hs256(&[7; 32]).expect("32 bytes are a key");
    KeyRing::new("issuer", "audience", key, Vec::new())
});

/// A site with a ceremony of each kind that has begun, and a passkey that is registered there.
struct Site {
    party: RelyingParty,
    registration: Ceremony,
    assertion: Ceremony,
    credential: String,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let party = RelyingParty::of("https://shop.example").expect("an address with a name");
    let user = PasskeyUser {
        id: uuid::Uuid::nil(),
        name: "ann@example.com",
        display_name: "Ann",
    };
    let time = Duration::from_mins(5);
    let registration = party.begin_registration(user, &[], time).expect("it begins");
    let response = AttestationResponse {
        client_data: client_data("webauthn.create", &registration),
        attestation_object: include_bytes!("../corpus/passkey/attestation").to_vec(),
    };
    let registered = party.finish_registration(&registration.state, &response);
    Site {
        credential: registered.expect("the seed is accepted").credential,
        assertion: party.begin_assertion(&[], time).expect("it begins"),
        registration,
        party,
    }
});

fn client_data(kind: &str, ceremony: &Ceremony) -> Vec<u8> {
    let challenge = &ceremony.options["challenge"];
    serde_json::json!({"type": kind, "challenge": challenge, "origin": "https://shop.example"})
        .to_string()
        .into_bytes()
}

/// A browser's response to a registration is read without harm, and one to a sign-in that the registered key did not sign
/// is not accepted. The input is read as each part of a response in turn.
pub fn passkey(bytes: &[u8]) {
    let site = &*SITE;
    let foreign = AttestationResponse {
        client_data: bytes.to_vec(),
        attestation_object: Vec::new(),
    };
    let _ = foreign.digest();
    assert!(
        site.party
            .finish_registration(&site.registration.state, &foreign)
            .is_err()
    );
    let response = AttestationResponse {
        client_data: client_data("webauthn.create", &site.registration),
        attestation_object: bytes.to_vec(),
    };
    if let Ok(registered) = site
        .party
        .finish_registration(&site.registration.state, &response)
    {
        assert!(!registered.credential_id.is_empty());
        assert!(registered.credential_id.len() <= MAX_CREDENTIAL_ID.div_ceil(3) * 4);
    }
    let (authenticator_data, signature) = bytes.split_at(bytes.len().min(37));
    let response = AssertionResponse {
        credential_id: vec![1; 16],
        client_data: client_data("webauthn.get", &site.assertion),
        authenticator_data: authenticator_data.to_vec(),
        signature: signature.to_vec(),
        user_handle: None,
    };
    let (state, credential) = (&site.assertion.state, &site.credential);
    assert!(site.party.finish_assertion(state, &response, credential).is_err());
}

/// No access token that was not signed by a key of the ring is accepted.
pub fn token(bytes: &[u8]) {
    with_text(bytes, |text| {
        let now = Timestamp::from_seconds(1_800_000_000);
        assert!(RING.verify(text, now).is_err());
        let _ = claimed_issue(text);
    });
}

/// A refresh token has one spelling; one that was not minted from the seed does not match it.
pub fn refresh_token(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Some(token) = RefreshToken::parse(text) {
            assert_eq!(&**token.text(), text);
            let genuine = RefreshToken::mint(token.session(), token.generation(), &[9; 32]);
            assert_eq!(token.matches(&[9; 32]), **genuine.text() == *text);
        }
    });
}

/// A link or a code of one use, of whatever purpose, and the secret of a browser: it has one spelling, and one purpose.
pub fn one_time_token(bytes: &[u8]) {
    with_text(bytes, |text| {
        let purposes = TokenPurpose::ALL.into_iter().map(TokenPurpose::prefix);
        let tokens = purposes
            .chain(["mbr_"])
            .filter_map(|prefix| OpaqueToken::parse(prefix, text));
        let tokens: Vec<OpaqueToken> = tokens.collect();
        assert!(tokens.len() <= 1);
        if let [token] = &*tokens {
            assert_eq!(token.text(), text);
            let secret = from_base64url(&text[4..]).expect("what was accepted is base64url");
            assert_eq!((base64url(&secret).as_str(), secret.len()), (&text[4..], 32));
        }
    });
}

/// An API key of the right form has 53 characters and one spelling; what was minted is accepted.
pub fn api_key(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Some(digest) = ApiKeySecret::digest_of(text) {
            assert!(ApiKeySecret::is_claimed_by(text) && text.len() == 53 && text.is_ascii());
            assert_eq!(*digest.as_bytes(), sha256(text.as_bytes()));
        }
    });
    if let Some(secret) = bytes.first_chunk::<32>() {
        let key = ApiKeySecret::mint(&Fixed(*secret));
        assert_eq!(ApiKeySecret::digest_of(key.text()), Some(key.digest()));
    }
}

/// No token of a browser is accepted that was not made under the key.
pub fn device_token(bytes: &[u8]) {
    let keys = [Zeroizing::new([1; 32]), Zeroizing::new([2; 32])];
    with_text(bytes, |text| assert_eq!(device::open(text, &keys), None));
    if let Some(id) = bytes.first_chunk::<16>() {
        let browser = Uuid::from_bytes(*id);
        assert_eq!(
            device::open(&device::mint(browser, &keys[1]), &keys),
            Some(browser)
        );
        assert_eq!(device::open(&device::mint(browser, &[3; 32]), &keys), None);
    }
}

struct Fixed([u8; 32]);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        let secret = self.0.iter().cycle();
        bytes
            .iter_mut()
            .zip(secret)
            .for_each(|(byte, secret)| *byte = *secret);
    }
}

/// A recovery code has one reading, whatever its spelling; only the digits of a time step match an authenticator app.
pub fn factor_code(bytes: &[u8]) {
    with_text(bytes, |text| {
        if let Some(code) = RecoveryCode::parse(text) {
            assert_eq!(RecoveryCode::parse(&code.text()), Some(code.clone()));
            assert_eq!(RecoveryCode::parse(&code.text().to_lowercase()), Some(code));
        }
        if let Ok(code) = EmailCode::parse(text) {
            assert_eq!(EmailCode::parse(&code.text()), Ok(code));
        }
        let now = Timestamp::from_seconds(1_800_000_000);
        let secret = TotpSecret::from_bytes(&[5; 20]).expect("20 bytes are a secret");
        if secret.matching_step(text, now).is_some() {
            assert!(text.len() == totp::DIGITS && text.bytes().all(|digit| digit.is_ascii_digit()));
        }
    });
}

/// Nothing that was not sealed under the key is opened, in whatever context.
pub fn sealed(bytes: &[u8]) {
    let sealer = Sealer::new(
        MasterKey::from_bytes([3; 32]),
        vec![MasterKey::from_bytes([4; 32])],
    );
    assert!(sealer.open("context", b"row", bytes).is_err());
    let _ = sealer.is_current(bytes);
    with_text(bytes, |text| {
        let _ = MasterKey::parse(text);
    });
}

/// A stored password hash of whatever content is parsed or refused, without computing it.
pub fn password_hash(bytes: &[u8]) {
    with_text(bytes, |text| {
        let _ = mainstay_platform::crypto::fuzzing::is_password_hash(text);
    });
}

/// A configuration file, and every line `NAME=value` of it as an environment variable.
pub fn settings(bytes: &[u8]) {
    with_text(bytes, |text| {
        let file = Some((Path::new("mainstay.toml"), text));
        let _ = Settings::read(&[], &BTreeMap::new(), file);
        let variables = lines(bytes)
            .filter_map(|line| std::str::from_utf8(line).ok()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let _ = Settings::read(&[], &variables.collect(), None);
        if let Ok(path) = sqlite_path(text) {
            assert_eq!(sqlite_path(&sqlite_url(&path)), Ok(path));
        }
    });
}
