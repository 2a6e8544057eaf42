//! The tokens of a session.

use super::spelled;
use mainstay_domain::access::Grant;
use mainstay_domain::session::Session;
use mainstay_domain::state::{State, Versioned};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::access::AccessDirectory;
use mainstay_engine::{CommandContext, Components};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::device;
use mainstay_platform::crypto::refresh::RefreshToken;
use mainstay_platform::crypto::token::Claims;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// An account with its effective permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The account, without its permissions.
    pub user: User,
    /// The names of all its permissions, those of the role and its personal ones.
    pub permissions: Vec<String>,
    /// Whether its role requires a second factor that it does not have: its sessions may do nothing but set one up.
    pub mfa_setup_required: bool,
}

impl Versioned for Profile {
    /// Permissions and what the role requires change without a new version of the account.
    fn state(&self) -> State {
        let permissions = self.permissions.iter().map(String::as_str);
        let required = self.mfa_setup_required.then_some("mfa setup required");
        State::with(self.user.version, permissions.chain(required))
    }
}

/// An access token, a refresh token and their account. `Debug` output hides the tokens; dropping wipes them.
#[derive(Clone)]
pub struct Tokens {
    /// The account that the tokens belong to.
    pub user: Profile,
    /// A signed JWT that authenticates requests until `expires_at`.
    pub access_token: Secret<String>,
    /// Exchanged for the next pair of tokens.
    pub refresh_token: Secret<String>,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// When the refresh token expires, unless it is used before.
    pub session_ends_at: Timestamp,
    /// What a browser keeps so that it is recognised at its next sign-in; `None` after a refresh.
    pub device: Option<Secret<String>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({}, until {})", self.user.user.id, self.expires_at)
    }
}

/// An account with its effective permissions at an instant.
pub(crate) fn profile(directory: &AccessDirectory, user: User, grants: &[Grant], now: Timestamp) -> Profile {
    let permissions = directory.permissions(&user.role, grants, now).names();
    let mfa_setup_required = !user.mfa_enabled && directory.requires_factor(&user.role);
    Profile {
        user,
        permissions,
        mfa_setup_required,
    }
}

/// A session whose transaction is committed and whose tokens are yet to be signed: signing takes longer than a small
/// transaction, and needs none. Its `Debug` output hides the seed; dropping wipes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenedSession {
    user: Profile,
    /// The personal permissions of the account that have not ended.
    grants: Vec<(String, Option<i64>)>,
    session: Session,
    #[serde(with = "spelled")]
    refresh: Secret<String>,
    /// The browser that signed in.
    browser: Option<Uuid>,
    at: Timestamp,
}

impl OpenedSession {
    /// A session with the account as it is in this transaction.
    pub(super) fn new(
        cx: &CommandContext<'_>,
        user: User,
        grants: Vec<Grant>,
        session: Session,
        seed: &[u8; 32],
    ) -> Self {
        let now = cx.now();
        let user = profile(&cx.components().directory, user, &grants, now);
        let live = grants
            .into_iter()
            .filter(|grant| grant.until.is_none_or(|until| now < until));
        let refresh = RefreshToken::mint(session.id, session.generation, seed);
        Self {
            user,
            grants: live
                .map(|grant| (grant.permission, grant.until.map(Timestamp::seconds)))
                .collect(),
            refresh: Secret::new(refresh.text().to_string()),
            session,
            browser: None,
            at: now,
        }
    }

    /// The same session, with the browser that signed in.
    pub(super) fn for_browser(self, browser: Uuid) -> Self {
        Self {
            browser: Some(browser),
            ..self
        }
    }

    /// Signs its tokens.
    ///
    /// # Errors
    /// An internal error when the signing key cannot sign.
    pub(crate) fn sign(self, components: &Components) -> Result<Tokens> {
        let ring = components.keys.ring();
        // The session is committed by now.
        components
            .issued_sessions
            .note(self.session.id, self.user.user.id);
        let expires_at = self.at.after(components.policies.access_ttl);
        // An access token does not outlive its session.
        let expires_at = expires_at.min(self.session.expires_at);
        let account = &self.user.user;
        let claims = Claims {
            sub: account.id,
            email: account.email.as_str().to_owned(),
            role: account.role.as_str().to_owned(),
            permissions: self.user.permissions.clone(),
            grants: self.grants,
            mfa: account.mfa_enabled,
            sid: self.session.id,
            jti: mainstay_domain::id::uuid_v7(self.at, &*components.node.random),
            iat: self.at.seconds(),
            nbf: self.at.seconds(),
            exp: expires_at.seconds(),
            aud: ring.audience().to_owned(),
            iss: ring.issuer().to_owned(),
        };
        let device = self.browser.map(|browser| {
            let key = components.sealer.derive(device::KEY_LABEL);
            Secret::new(device::mint(browser, &key).to_string())
        });
        let access_token = ring.sign(&claims).map_err(Error::internal)?;
        Ok(Tokens {
            user: self.user,
            access_token: Secret::new(access_token),
            refresh_token: self.refresh,
            expires_at: Timestamp::from_seconds(claims.exp),
            session_ends_at: self.session.expires_at,
            device,
        })
    }
}

impl fmt::Debug for OpenedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedSession({})", self.session.id)
    }
}
