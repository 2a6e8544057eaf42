//! An authenticator in software: makes a passkey and uses it, as browser and device do together (WebAuthn level 3), and as
//! an attacker's would.

use crate::app::TestApp;
use crate::client::Client;
use crate::users::TestUser;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use mainstay_domain::random;
use mainstay_platform::clock;
use mainstay_platform::crypto::{base64url, from_base64url, sha256};
use serde_json::{Value, json};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// A device with one passkey, for ES256. A test changes what it says.
pub struct PasskeyDevice {
    key: EcdsaKeyPair,
    /// The id that it chose for its passkey.
    pub id: Vec<u8>,
    /// The account's handle, once it was registered.
    pub user_handle: Option<Vec<u8>>,
    /// The signature counter that it sends.
    pub counter: u32,
    /// Whether it verifies its user.
    pub verifies_user: bool,
    /// Whether the passkey may be copied to other devices, and is.
    pub synced: bool,
    /// The origin that the browser reports.
    pub origin: String,
    /// Whether the browser reports a page that is embedded in another site.
    pub cross_origin: bool,
    /// The site that it signs for; that of the options when `None`.
    pub site: Option<String>,
}

impl PasskeyDevice {
    /// A device that does not count, in a browser at a page of `origin`.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn new(origin: &str) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"),
            id: random::bytes::<32>(&clock::SystemRandom).to_vec(),
            user_handle: None,
            counter: 0,
            verifies_user: true,
            synced: false,
            origin: origin.to_owned(),
            cross_origin: false,
            site: None,
        }
    }

    /// Makes the passkey: what the browser answers to the options of a registration, without attestation.
    ///
    /// # Panics
    /// When the options are none.
    pub fn register(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.user_handle = from_base64url(options["user"]["id"].as_str().expect("a user handle"));
        let mut data = self.data(options["rp"]["id"].as_str(), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend(u16::try_from(data.len()).expect("short data").to_be_bytes());
        attestation.extend(&data);
        let client_data = self.client_data("webauthn.create", options);
        self.response(json!({
            "clientDataJSON": base64url(client_data.as_bytes()),
            "attestationObject": base64url(&attestation),
            "authenticatorData": base64url(&data),
            "transports": ["internal", "hybrid"],
            "publicKeyAlgorithm": -7,
        }))
    }

    /// Uses the passkey: what the browser answers to the options of a sign-in.
    ///
    /// # Panics
    /// When the options are none.
    pub fn sign(&self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let data = self.data(options["rpId"].as_str(), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), &sha256(client_data.as_bytes())].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.response(json!({
            "clientDataJSON": base64url(client_data.as_bytes()),
            "authenticatorData": base64url(&data),
            "signature": base64url(signature.as_ref()),
            "userHandle": self.user_handle.as_deref().map(base64url),
        }))
    }

    fn response(&self, response: Value) -> Value {
        let id = base64url(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "authenticatorAttachment": "platform", "clientExtensionResults": {"credProps": {"rk": true}},
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = options["challenge"].as_str().expect("a challenge");
        let (origin, cross_origin) = (&self.origin, self.cross_origin);
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": cross_origin})
            .to_string()
    }

    /// The authenticator data (6.1), without the part that only a registration has.
    fn data(&self, site: Option<&str>, flags: u8) -> Vec<u8> {
        let site = self.site.as_deref().or(site).expect("a site");
        let mut flags = flags | USER_PRESENT;
        if self.verifies_user {
            flags |= USER_VERIFIED;
        }
        if self.synced {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        [
            &sha256(site.as_bytes())[..],
            &[flags],
            &self.counter.to_be_bytes(),
        ]
        .concat()
    }

    /// The public key as a COSE key (RFC 9053, 7.1): EC2, ES256, P-256.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        [
            b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(),
            x,
            b"\x22\x58\x20",
            y,
        ]
        .concat()
    }
}

impl TestApp {
    /// A device in a browser at a page of the app. The mails about its passkeys may stay undelivered.
    pub fn passkey_device(&self) -> PasskeyDevice {
        self.leave_jobs();
        PasskeyDevice::new(&origin(&self.engine().policies().public_url))
    }

    /// A device with a passkey that a user has registered.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn registered_passkey(&self, user: &TestUser) -> PasskeyDevice {
        let mut device = self.passkey_device();
        device.register_at(user).await;
        device
    }
}

impl PasskeyDevice {
    /// Registers the passkey for a signed-in user, and returns the answer's data.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn register_at(&mut self, user: &Client) -> Value {
        let options = user.post_nothing("/api/auth/passkeys/register/start").await;
        let response = self.register(&options.expect(200).data());
        let answer = user.post("/api/auth/passkeys/register/finish", response).await;
        answer.expect(201).data()
    }

    /// Steps up the session of a signed-in user.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn step_up(&self, user: &Client) {
        let options = user.post_nothing("/api/auth/step-up/passkey").await;
        let proof = json!({"passkey": self.sign(&options.expect(200).data())});
        user.post("/api/auth/step-up", proof).await.expect(204);
    }
}

/// The origin of a page of the app. Browsers know no passkeys of addresses, so tests use the name of this machine.
fn origin(public_url: &str) -> String {
    public_url.trim_end_matches('/').replace("127.0.0.1", "localhost")
}
