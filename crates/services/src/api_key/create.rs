//! Creates an API key.

use crate::account::require_step_up;
use crate::spelled;
use crate::user::Expiry;
use mainstay_domain::access::{Access, Rate};
use mainstay_domain::api_key::{ApiKey, ApiKeyStatus};
use mainstay_domain::error::Denied;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Command, CommandContext, Repositories, UseCase};
use mainstay_platform::config::Secret;
use mainstay_platform::crypto::api_key::ApiKeySecret;
use mainstay_platform::network::Network;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Creates an API key for the caller. Its scopes are permissions that the caller holds; it never permits more than its
/// owner holds at the time of its use.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    /// What the owner calls it, as typed.
    pub name: String,
    /// The names of the permissions that it may use.
    pub scopes: Vec<String>,
    /// The networks from which it is accepted, in CIDR notation; from everywhere when empty.
    pub networks: Vec<String>,
    /// When it expires.
    pub expires: Expiry,
}

/// A new key with its secret, which is not stored and cannot be read again. `Debug` output hides it.
#[derive(Clone, Serialize, Deserialize)]
pub struct CreatedApiKey {
    /// The key.
    pub key: ApiKey,
    /// What a client presents.
    #[serde(with = "spelled")]
    pub secret: Secret<String>,
}

impl fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreatedApiKey({})", self.key.id)
    }
}

impl UseCase for CreateApiKey {
    const NAME: &'static str = "api-key.create";
    const ACCESS: Access = Access::session();
    const RATE: Rate = Rate::per_hour(60);
    const SECRET_ANSWER: bool = true;
    type Output = CreatedApiKey;

    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        errors.take("name", ApiKey::check_name(&self.name));
        if self.networks.len() > ApiKey::MAX_NETWORKS {
            let most = ApiKey::MAX_NETWORKS;
            errors.add("networks", "LENGTH", format!("must be at most {most} networks"));
        }
        for (at, network) in self.networks.iter().enumerate() {
            if Network::parse(network).is_none() {
                let path = format!("networks[{at}]");
                errors.add(
                    path,
                    "FORMAT",
                    "must be a network such as 192.0.2.0/24 or an address",
                );
            }
        }
        errors.check()
    }
}

impl CreateApiKey {
    /// The scopes, each once, in the order of their names.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a permission that does not exist, `FORBIDDEN` for one that the caller does not hold.
    fn checked_scopes(&self, cx: &CommandContext<'_>) -> Result<Vec<String>> {
        let caller = cx.caller().principal();
        let caller = caller.ok_or(Error::Denied(Denied::Role))?;
        let (mut errors, mut scopes) = (ValidationErrors::new(), Vec::new());
        for (at, name) in self.scopes.iter().enumerate() {
            match cx.components().permission(name) {
                None => errors.add(format!("scopes[{at}]"), "FORMAT", "is not a permission"),
                Some(known) if !caller.permissions.has(known) => {
                    return Err(Error::Denied(Denied::Permission(known)));
                }
                Some(_) => scopes.push(name.clone()),
            }
        }
        errors.check()?;
        scopes.sort_unstable();
        scopes.dedup();
        Ok(scopes)
    }

    /// The networks in canonical form, each once.
    fn canonical_networks(&self) -> Vec<String> {
        let parsed = self.networks.iter().filter_map(|text| Network::parse(text));
        let mut networks: Vec<String> = parsed.map(|network| network.to_string()).collect();
        networks.sort_unstable();
        networks.dedup();
        networks
    }
}

impl Command for CreateApiKey {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<CreatedApiKey> {
        require_step_up(cx).await?;
        let (now, scopes) = (cx.now(), self.checked_scopes(cx)?);
        let key = ApiKey {
            id: cx.make_id(),
            user_id: cx.user()?,
            name: ApiKey::check_name(&self.name)
                .map_err(|invalid| ValidationErrors::one("name", invalid.code, invalid.message))?,
            status: ApiKeyStatus::Active,
            scopes,
            networks: self.canonical_networks(),
            created_at: now,
            expires_at: self.expires.instant(now)?,
            last_used_at: None,
            revoked_at: None,
        };
        let secret = ApiKeySecret::mint(cx.random());
        let permit = cx.permit(ApiKey::CREATE, &key)?;
        cx.api_keys()
            .insert(&permit, &key, secret.digest().as_bytes())
            .await?;
        cx.record(permit, DomainEvent::created("api-key.created", &key));
        Ok(CreatedApiKey {
            key,
            secret: Secret::new(secret.text().to_owned()),
        })
    }
}
