//! The secret by which a browser is bound to a sign-in that it began.

use crate::spelled;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::one_time_token::OneTimeToken;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::opaque::OpaqueToken;
use mainstay_platform::crypto::same;
use serde::{Deserialize, Serialize};
use std::fmt;

const PREFIX: &str = "mbr_";

/// A secret that a browser keeps in a cookie, so that only the browser that began a sign-in finishes it (RFC 9700, 4.7.1).
/// One secret serves several attempts, in several tabs.
pub(super) struct BrowserSecret(OpaqueToken);

impl BrowserSecret {
    /// The secret that the browser has already, or a new one.
    pub(super) fn of(presented: Option<&Secret<String>>, random: &dyn Random) -> Self {
        Self::presented(presented).unwrap_or_else(|_| Self(OpaqueToken::mint(PREFIX, random)))
    }

    /// The secret of a browser that comes back.
    ///
    /// # Errors
    /// `TOKEN_INVALID` without one.
    pub(super) fn presented(presented: Option<&Secret<String>>) -> Result<Self> {
        presented
            .and_then(|text| OpaqueToken::parse(PREFIX, text.expose()))
            .map(Self)
            .ok_or(Error::Unauthenticated(Unauthenticated::Invalid))
    }

    /// The secret as text, for the browser's cookie only.
    pub(super) fn text(&self) -> Secret<String> {
        Secret::new(self.0.text().to_owned())
    }

    /// What is stored of it.
    pub(super) fn digest(&self) -> [u8; 32] {
        *self.0.digest().as_bytes()
    }

    /// Whether a token is bound to this browser. One that is bound to none is not.
    pub(super) fn owns(&self, token: &OneTimeToken) -> bool {
        let bound = token.browser.as_deref();
        bound.is_some_and(|bound| same(bound, &self.digest()))
    }
}

/// What a browser keeps in a cookie of a sign-in that it began. `Debug` output hides it.
#[derive(Clone, Serialize, Deserialize)]
pub struct BrowserBinding {
    /// The secret.
    #[serde(with = "spelled")]
    pub secret: Secret<String>,
    /// How long it is of use: as long as what was begun can be finished.
    pub until: Timestamp,
}

impl fmt::Debug for BrowserBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserBinding(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::one_time_token::TokenPurpose;
    use mainstay_domain::random::Counting;

    #[test]
    fn a_browser_keeps_its_secret_and_owns_what_is_bound_to_it() {
        let random = Counting::default();
        let own = BrowserSecret::of(None, &random);
        let kept = BrowserSecret::of(Some(&own.text()), &random);
        assert_eq!(kept.digest(), own.digest());
        let rubbish = Secret::new("mbr_x".to_owned());
        assert!(BrowserSecret::presented(Some(&rubbish)).is_err());
        let other = BrowserSecret::of(Some(&rubbish), &random);
        let token = |browser: Option<&BrowserSecret>| OneTimeToken {
            purpose: TokenPurpose::MagicLink,
            user_id: None,
            payload: None,
            browser: browser.map(|browser| browser.digest().to_vec()),
            expires_at: Timestamp::from_seconds(1_800_000_000),
        };
        assert!(own.owns(&token(Some(&kept))));
        assert!(!own.owns(&token(Some(&other))) && !own.owns(&token(None)));
    }
}
