//! The tokens of a session.

use super::spelled;
use mainstay_domain::access::Grant;
use mainstay_domain::session::Session;
use mainstay_domain::state::{State, Versioned};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::Components;
use mainstay_engine::access::AccessDirectory;
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::refresh::RefreshToken;
use mainstay_platform::crypto::token::Claims;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account with its effective permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The account, without its permissions.
    pub user: User,
    /// The names of all its permissions, those of the role and its personal ones.
    pub permissions: Vec<String>,
}

impl Versioned for Profile {
    /// Permissions change without a new version of the account.
    fn state(&self) -> State {
        State::with(self.user.version, self.permissions.iter().map(String::as_str))
    }
}

/// An access token, a refresh token and their account. `Debug` output hides the tokens; dropping wipes them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The account that the tokens belong to.
    pub user: Profile,
    /// A signed JWT that authenticates requests until `expires_at`.
    #[serde(with = "spelled")]
    pub access_token: Secret<String>,
    /// Exchanged for the next pair of tokens.
    #[serde(with = "spelled")]
    pub refresh_token: Secret<String>,
    /// When the access token expires.
    pub expires_at: Timestamp,
    /// When the refresh token expires, unless it is used before.
    pub session_ends_at: Timestamp,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({}, until {})", self.user.user.id, self.expires_at)
    }
}

/// An account with its effective permissions at an instant.
pub(crate) fn profile(directory: &AccessDirectory, user: User, grants: &[Grant], now: Timestamp) -> Profile {
    let permissions = directory.permissions(&user.role, grants, now).names();
    Profile { user, permissions }
}

/// Signs the tokens of a session.
pub(super) fn sign_tokens(
    components: &Components,
    (user, grants): (User, &[Grant]),
    session: &Session,
    seed: &[u8; 32],
    now: Timestamp,
) -> Result<Tokens> {
    let profile = profile(&components.directory, user, grants, now);
    let ring = components.keys.ring();
    let expires_at = now.after(components.policies.access_ttl);
    let live = grants
        .iter()
        .filter(|grant| grant.until.is_none_or(|until| now < until));
    let claims = Claims {
        sub: profile.user.id,
        email: profile.user.email.as_str().to_owned(),
        role: profile.user.role.as_str().to_owned(),
        permissions: profile.permissions.clone(),
        grants: live
            .map(|grant| (grant.permission.clone(), grant.until.map(Timestamp::seconds)))
            .collect(),
        sid: session.id,
        jti: mainstay_domain::id::uuid_v7(now, &*components.node.random),
        iat: now.seconds(),
        nbf: now.seconds(),
        exp: expires_at.seconds(),
        aud: ring.audience().to_owned(),
        iss: ring.issuer().to_owned(),
    };
    let access_token = ring.sign(&claims).map_err(Error::internal)?;
    let refresh = RefreshToken::mint(session.id, session.generation, seed);
    Ok(Tokens {
        user: profile,
        access_token: Secret::new(access_token),
        refresh_token: Secret::new(refresh.text().to_string()),
        expires_at: Timestamp::from_seconds(claims.exp),
        session_ends_at: session.expires_at,
    })
}
