//! The authenticator app of a test user.

use crate::app::TestApp;
use crate::users::TestUser;
use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::totp::{STEP_SECONDS, TotpSecret};
use serde_json::json;
use std::time::Duration;

/// The authenticator app of a user, with the recovery codes that were shown when it was enabled.
pub struct Authenticator {
    secret: TotpSecret,
    /// Ten, none of them used.
    pub recovery_codes: Vec<String>,
}

impl Authenticator {
    /// The app with a secret in base32, as the setup answers it.
    ///
    /// # Panics
    /// When it is no secret.
    pub fn with_secret(base32: &str) -> Self {
        Self {
            secret: TotpSecret::from_bytes(&decode(base32)).expect("160 bits"),
            recovery_codes: Vec::new(),
        }
    }

    /// The secret itself.
    pub fn secret(&self) -> &[u8] {
        self.secret.bytes()
    }

    /// The code that the app shows at an instant.
    pub fn code(&self, now: Timestamp) -> String {
        self.secret.code(now)
    }

    /// Steps up a session of the user with the code of the next time step, and moves the clock to the one after it, so
    /// that the app shows a code that was not used yet.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn step_up(&self, app: &TestApp, user: &TestUser) {
        app.next_time_step();
        let proof = json!({"code": self.code(app.now())});
        user.post("/api/auth/step-up", proof).await.expect(204);
        app.next_time_step();
    }
}

impl TestApp {
    /// Sets up and enables an authenticator app for a user, and moves the clock to the next time step, so that the app
    /// shows a code that was not used yet. The mail about it is not sent.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn enrol(&self, user: &TestUser) -> Authenticator {
        let setup = user.post_nothing("/api/auth/mfa/totp/setup").await;
        let setup = setup.expect(200).data();
        let mut app = Authenticator::with_secret(setup["secret"].as_str().expect("a secret"));
        let body = json!({"code": app.code(self.now())});
        let enabled = user.post("/api/auth/mfa/totp/enable", body).await;
        let enabled = enabled.expect(200).data();
        let codes = enabled["recoveryCodes"].as_array().into_iter().flatten();
        app.recovery_codes = codes
            .filter_map(|code| code.as_str().map(str::to_owned))
            .collect();
        self.drop_waiting_mails("mfa-enabled").await;
        self.next_time_step();
        app
    }

    /// Moves the clock to the next time step of authenticator apps.
    pub fn next_time_step(&self) {
        self.advance(Duration::from_secs(STEP_SECONDS.unsigned_abs()));
    }

    /// Presents a user's password, and returns the token with which a second factor is presented next.
    ///
    /// # Panics
    /// When the app rejects it, or asks for no second factor.
    pub async fn first_factor(&self, user: &TestUser) -> String {
        let body = json!({"email": user.email, "password": user.password});
        let answer = self.client().post("/api/auth/login", body).await;
        let data = answer.expect(200).data();
        data["mfaToken"]
            .as_str()
            .expect("a second factor is asked for")
            .to_owned()
    }
}

/// Decodes base32 (RFC 4648, 6) without padding.
fn decode(base32: &str) -> Vec<u8> {
    let digits = base32.bytes().map(|digit| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'2'..=b'7' => digit - b'2' + 26,
        other => panic!("{other} is no digit of base32"),
    });
    let bits: Vec<u8> = digits
        .flat_map(|digit| (0..5).rev().map(move |at| digit >> at & 1))
        .collect();
    let bytes = bits.chunks_exact(8);
    bytes
        .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect()
}
