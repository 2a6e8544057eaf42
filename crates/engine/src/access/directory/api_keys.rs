//! Resolves API keys.

use super::{AccessDirectory, Resolved, first_end};
use mainstay_domain::access::{Credential, Principal};
use mainstay_domain::api_key::ApiKey;
use mainstay_domain::error::{Denied, Error, Result, Unauthenticated};
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::{AccessFacts, UserStatus};

/// Later than any clock.
const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);

impl AccessDirectory {
    /// Resolves an API key to its caller at this instant. `owner` is the account as it was read with the key; it is
    /// replaced if this directory knows a later state.
    ///
    /// # Errors
    /// The key was revoked or has expired (401), or its owner is disabled or about to be deleted (403).
    pub(crate) fn resolve_key(
        &self,
        key: &ApiKey,
        owner: &mut AccessFacts,
        now: Timestamp,
    ) -> Result<Resolved> {
        let state = self.state.read();
        if state.revoked_keys.contains_key(&key.id) {
            return Err(Error::Unauthenticated(Unauthenticated::KeyRevoked));
        }
        key.check_usable(now)?;
        if let Some((later, _)) = state.users.get(&key.user_id)
            && later.change >= owner.change
        {
            *owner = later.clone();
        }
        if owner.status == UserStatus::Disabled || owner.deletion_at.is_some() {
            return Err(Error::Denied(Denied::Disabled));
        }
        let (limited, held) = state.held(&owner.role, owner.mfa_enabled, &owner.grants, now);
        let principal = Principal {
            id: key.user_id,
            email: owner.email.clone(),
            role: owner.role.clone(),
            permissions: key.permissions(&held),
            credential: Credential::ApiKey(key.id),
            limited,
        };
        let key_ends = key.expires_at.unwrap_or(FOREVER);
        Ok(Resolved {
            principal,
            good_until: first_end(&owner.grants, key_ends, now),
        })
    }
}
