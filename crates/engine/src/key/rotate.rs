//! Rotates the signing key; sessions stay signed in.

use crate::context::{CommandContext, Repositories};
use crate::use_case::{Command, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::key::SigningKey;
use mainstay_platform::database::Isolation;
use std::time::Duration;

/// Creates a new key that signs from now on. The previous one stays valid until the last token that it signed has
/// expired, including tokens of nodes that have not yet read the new key.
#[derive(Debug, Clone)]
pub struct RotateKeys;

/// The longest lifetime of an access token that settings allow. The process that rotates the key may have other
/// settings than those that signed with it.
const MAX_TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// How long a node may keep signing with the old key before it reads the new one.
const MAX_READ_DELAY: Duration = Duration::from_mins(5);

impl UseCase for RotateKeys {
    const NAME: &'static str = "key.rotate";
    const ACCESS: Access = Access::system();
    /// The ids of the new key and of those that retire.
    type Output = (String, Vec<String>);
}

impl Command for RotateKeys {
    const ISOLATION: Isolation = Isolation::Serializable;

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<(String, Vec<String>)> {
        let until = cx.now().after(MAX_TOKEN_LIFETIME).after(MAX_READ_DELAY);
        let scope = cx.scope();
        let mut retired = Vec::new();
        for key in cx.signing_keys().all(&scope).await? {
            if key.retires_at.is_none() {
                let permit = cx.permit(SigningKey::ROTATE, &key)?;
                cx.signing_keys().retire(&permit, &key, until).await?;
                retired.push(key.kid);
            }
        }
        let key = cx.components().keys.make_key(cx.make_id(), cx.now());
        let permit = cx.permit(SigningKey::CREATE, &key)?;
        cx.signing_keys().insert(&permit, &key).await?;
        cx.record(permit, DomainEvent::created("key.rotated", &key));
        cx.keys_changed();
        Ok((key.kid, retired))
    }
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
