//! Time-based one-time passwords (TOTP, RFC 6238), as every authenticator app computes them: six digits, HMAC-SHA-1, a
//! time step of 30 seconds.

use mainstay_domain::random::{self, Random};
use mainstay_domain::time::Timestamp;
use std::fmt;
use totp_rs::{Builder, Totp, TotpError};
use zeroize::Zeroizing;

/// The number of digits of a code.
pub const DIGITS: usize = 6;
/// The length of a time step, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// How many steps before and after the present one are accepted: a clock that is off by half a minute, and the time that
/// typing takes (RFC 6238, 5.2).
const SKEW: u16 = 1;
/// The length of a secret in bytes, which RFC 4226 (4, R6) recommends.
const SECRET_BYTES: usize = 20;

/// The secret that an authenticator app shares with Mainstay: 160 random bits. Wiped on drop, never printed.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// Generates a secret.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Zeroizing::new(random::bytes(random)))
    }

    /// A secret that was stored; `None` when it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes to seal and store.
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The secret in base32 (RFC 4648, 6) without padding, for users who type it.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.totp().secret().to_base32())
    }

    /// The `otpauth:` URL for authenticator apps. Blanks are `%20`, because some apps show a `+` as it is. Colons, which
    /// separate the issuer from the account, are left out of both.
    ///
    /// # Errors
    /// The account has no name.
    pub fn otpauth_url(&self, issuer: &str, account: &str) -> Result<Zeroizing<String>, TotpError> {
        let builder = Builder::new()
            .with_secret(&self.0[..])
            .with_issuer(Some(issuer.replace(':', "")))
            .with_account_name(account.replace(':', ""));
        Ok(Zeroizing::new(builder.build()?.to_url()?))
    }

    /// The code of an instant.
    pub fn code(&self, now: Timestamp) -> String {
        self.totp().generate(seconds(now)).to_string()
    }

    /// The time step that a code belongs to, when that is the present one or next to it. The caller must refuse a step that
    /// is not later than the last one it accepted: a code counts once (RFC 6238, 5.2). Compares in constant time.
    pub fn matching_step(&self, code: &str, now: Timestamp) -> Option<i64> {
        let step = self.totp().check(code, seconds(now))?;
        i64::try_from(step).ok()
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_secret(&self.0[..])
            .with_digits(6)
            .with_step_duration(STEP_SECONDS.unsigned_abs())
            .with_skew(SKEW)
            .build_noncompliant()
    }
}

/// Instants before 1970 have no time steps.
fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.seconds()).unwrap_or(0)
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use proptest::prelude::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1: the last six of the eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code(at(seconds)), code);
            assert_eq!(
                of_the_rfc().matching_step(code, at(seconds)),
                Some(seconds / STEP_SECONDS)
            );
        }
    }

    #[test]
    fn the_url_encodes_blanks_as_percent_20() {
        let url = of_the_rfc()
            .otpauth_url("Ann's Shop: Tea & More", "ann+tea@example.com")
            .unwrap();
        assert_eq!(
            *url,
            "otpauth://totp/Ann%27s%20Shop%20Tea%20%26%20More:ann%2Btea%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ann%27s%20Shop%20Tea%20%26%20More"
        );
        assert!(of_the_rfc().otpauth_url("Shop", "").is_err());
    }

    #[test]
    fn what_is_no_code_matches_nothing() {
        for text in [
            "",
            "28708",
            "2870822",
            "28708a",
            "２８７０８２",
            "+87082",
            "-1",
            "287082\n",
        ] {
            assert_eq!(of_the_rfc().matching_step(text, at(59)), None, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_printed() {
        assert_eq!(format!("{:?}", of_the_rfc()), "TotpSecret(…)");
        assert!(TotpSecret::from_bytes(&[0; 19]).is_none());
    }

    proptest! {
        #[test]
        fn a_code_is_accepted_in_its_step_and_in_those_next_to_it(seconds in 90i64..4_000_000_000, off in -3i64..=3) {
            let secret = TotpSecret::generate(&Counting::default());
            let code = secret.code(at(seconds));
            let matched = secret.matching_step(&code, at(seconds + off * STEP_SECONDS));
            let step = seconds / STEP_SECONDS;
            // Another step may have the same code, once in a million.
            if matched == Some(step) {
                prop_assert!(off.abs() <= 1);
            } else if off.abs() <= 1 {
                prop_assert!(matched.is_some_and(|other| (other - step - off).abs() <= 1));
            }
        }

        #[test]
        fn codes_have_six_digits(seconds in 0i64..4_000_000_000) {
            let code = of_the_rfc().code(at(seconds));
            prop_assert!(code.len() == DIGITS && code.bytes().all(|digit| digit.is_ascii_digit()));
        }

        #[test]
        fn matching_never_panics(text in ".{0,12}", seconds in any::<i64>()) {
            of_the_rfc().matching_step(&text, at(seconds / 1_000_001));
        }
    }
}
