//! Rotates the signing key; sessions stay signed in.

use crate::context::{CommandContext, Repositories};
use crate::use_case::{Command, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::key::SigningKey;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::Isolation;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Creates a new key, which signs as soon as every verifier knows it. The previous one stays valid until the last token
/// that it signed has expired, including tokens of nodes that have not yet read the new key.
#[derive(Debug, Clone, Default)]
pub struct RotateKeys {
    /// Whether the present keys are no longer trusted: all their tokens are refused at once, and the new key signs at
    /// once. Sessions live on, because clients renew their tokens.
    pub compromised: bool,
}

/// Rotates the signing key when it is older than `KEY_ROTATION`, or of another algorithm than `JWT_ALGORITHM`. Workers run
/// it at an interval; of several, one rotates.
#[derive(Debug, Clone, Default)]
pub struct RotateDueKeys;

/// The result of a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotated {
    /// The id of the new key.
    pub key: String,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// The ids of the keys that retire later.
    pub retiring: Vec<String>,
    /// The ids of the keys whose tokens are refused from now on.
    pub revoked: Vec<String>,
}

/// How long verifiers may cache the published keys (`Cache-Control` of the JWK set).
pub const JWKS_MAX_AGE: Duration = Duration::from_mins(5);
/// The longest lifetime of an access token that settings allow. The process that rotates the key may have other
/// settings than those that signed with it.
const MAX_TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// How long a node may take to read and publish a new key.
const MAX_READ_DELAY: Duration = Duration::from_mins(5);

impl UseCase for RotateKeys {
    const NAME: &'static str = "key.rotate";
    const ACCESS: Access = Access::system();
    type Output = Rotated;
}

impl Command for RotateKeys {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Rotated> {
        rotate(cx, self.compromised).await
    }
}

impl UseCase for RotateDueKeys {
    const NAME: &'static str = "key.rotate-due";
    const ACCESS: Access = Access::system();
    type Output = Option<Rotated>;
}

impl Command for RotateDueKeys {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Option<Rotated>> {
        if !cx.components().keys.are_stored() {
            return Ok(None);
        }
        let (scope, now) = (cx.scope(), cx.now());
        let keys = cx.signing_keys().all(&scope).await?;
        let policies = &cx.components().policies;
        let newest = keys
            .iter()
            .filter(|key| key.is_accepted(now))
            .max_by_key(|key| (key.signs_from, key.created_at));
        let is_due = newest.is_none_or(|key| {
            let is_other = key.algorithm != policies.token_algorithm.name();
            now.since(key.created_at) >= policies.key_rotation || (is_other && key.signs_from <= now)
        });
        match is_due {
            true => rotate(cx, false).await.map(Some),
            false => Ok(None),
        }
    }
}

async fn rotate(cx: &mut CommandContext<'_>, compromised: bool) -> Result<Rotated> {
    let (scope, now) = (cx.scope(), cx.now());
    let keys = cx.signing_keys().all(&scope).await?;
    let has_signer = !compromised && SigningKey::current(&keys, now).is_some();
    let lead = match has_signer {
        true => JWKS_MAX_AGE + MAX_READ_DELAY,
        false => Duration::ZERO,
    };
    let signs_from = now.after(lead);
    let until = signs_from.after(MAX_READ_DELAY).after(MAX_TOKEN_LIFETIME);
    let (mut retiring, mut revoked) = (Vec::new(), Vec::new());
    for key in keys {
        // A day before it was made: no clock trusts a compromised key, not even a slow one just after.
        let (at, kids) = match (compromised, key.retires_at) {
            (true, _) if key.is_accepted(now) => {
                (key.created_at.before(Duration::from_hours(24)), &mut revoked)
            }
            (false, None) => (until, &mut retiring),
            _ => continue,
        };
        let permit = cx.permit(SigningKey::ROTATE, &key)?;
        cx.signing_keys().retire(&permit, &key, at).await?;
        kids.push(key.kid);
    }
    let components = cx.components();
    let algorithm = components.policies.token_algorithm;
    let key = components.keys.make_key(cx.make_id(), algorithm, now, signs_from);
    let permit = cx.permit(SigningKey::CREATE, &key)?;
    cx.signing_keys().insert(&permit, &key).await?;
    let kind = if compromised {
        "key.compromised"
    } else {
        "key.rotated"
    };
    cx.record(permit, DomainEvent::created(kind, &key));
    cx.keys_changed();
    Ok(Rotated {
        key: key.kid,
        signs_from,
        retiring,
        revoked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_platform::config::Settings;
    use std::collections::BTreeMap;

    #[test]
    fn no_setting_allows_a_longer_token_lifetime() {
        let with = |life: &str| {
            let variables = [("ACCESS_TTL", life), ("APP_ENV", "test")];
            let variables: BTreeMap<_, _> = variables.map(|(name, value)| (name.into(), value.into())).into();
            Settings::read(&[], &variables, None).map(|read| read.settings.tokens.access_ttl)
        };
        assert_eq!(with("24h").ok(), Some(MAX_TOKEN_LIFETIME));
        assert!(with("1441m").is_err());
    }
}
