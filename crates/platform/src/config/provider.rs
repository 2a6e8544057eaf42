//! Identity providers: Google, GitHub, and any number of others that speak OpenID Connect.

use super::declared::*;
use super::mask::Show;
use super::parse::{self, Parsed, optional};
use super::provider_value::{secret, url};
use super::secret::Secret;
use super::sources::{Declaration, Reader};
use ipnet::IpNet;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The identity providers that accounts may sign in with.
#[derive(Debug, Clone, Default)]
pub struct IdentityProviders {
    /// Each provider; no two have the same name.
    pub list: Vec<IdentityProvider>,
    /// Private networks in which providers may be reached.
    pub networks: Vec<IpNet>,
}

/// An identity provider. Its `Debug` prints no secret.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its name in paths: 1 to 32 of `a-z`, `0-9` and `-`.
    pub name: String,
    /// What people read on the button.
    pub label: String,
    /// The protocol that it speaks.
    pub protocol: ProviderProtocol,
    /// The identifier that it issued to this server.
    pub client_id: String,
    /// The secret that it issued to this server.
    pub client_secret: Secret<String>,
    /// The issuer identifier, exactly as the provider writes it.
    pub issuer: String,
    /// In place of the authorization endpoint that the provider publishes.
    pub authorization_url: Option<String>,
    /// In place of the token endpoint that the provider publishes.
    pub token_url: Option<String>,
    /// In place of the address of the keys that the provider publishes.
    pub jwks_url: Option<String>,
    /// In place of GitHub's API.
    pub api_url: Option<String>,
    /// The only value of the claim `hd` that may sign in.
    pub hosted_domain: Option<String>,
    /// Whether to ask for a refresh token.
    pub offline_access: bool,
}

/// The protocol that an identity provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderProtocol {
    /// OpenID Connect, with discovery.
    OpenIdConnect,
    /// GitHub's OAuth 2 and its API.
    GitHub,
}

impl IdentityProvider {
    /// The addresses that the settings name.
    fn urls(&self) -> impl Iterator<Item = &str> {
        let overrides = [
            &self.authorization_url,
            &self.token_url,
            &self.jwks_url,
            &self.api_url,
        ];
        let overrides = overrides.into_iter().filter_map(|url| url.as_deref());
        std::iter::once(self.issuer.as_str()).chain(overrides)
    }

    /// Whether an attacker on the network path could answer for the provider.
    pub(super) fn is_exposed(&self) -> bool {
        self.urls().any(|url| url.starts_with("http://"))
    }
}

/// Prefix of the variables of the providers that are not built in, and of their tables.
const VARIABLES: &str = "OIDC_";
const TABLES: &str = "oidc.";

/// What a provider that is not built in can be given: the key, how much is printed, and the meaning.
const KEYS: [(&str, Show, &str); 9] = [
    (
        "issuer",
        Show::Plain,
        "the issuer whose discovery document is read.",
    ),
    (
        "client_id",
        Show::Plain,
        "the client id that the provider issued.",
    ),
    (
        "client_secret",
        Show::Nothing,
        "the client secret that the provider issued.",
    ),
    (
        "label",
        Show::Plain,
        "what people read on the button; empty: the name.",
    ),
    (
        "hosted_domain",
        Show::Plain,
        "only accounts with this claim hd sign in; empty: every account.",
    ),
    (
        "offline_access",
        Show::Plain,
        "on: ask for a refresh token, which is stored sealed.",
    ),
    (
        "authorization_url",
        Show::Plain,
        "in place of the authorization endpoint in the discovery document.",
    ),
    (
        "token_url",
        Show::Plain,
        "in place of the token endpoint in the discovery document.",
    ),
    (
        "jwks_url",
        Show::Plain,
        "in place of the keys' address in the discovery document.",
    ),
];

impl IdentityProviders {
    pub(super) fn take(from: &mut Reader<'_>) -> Self {
        let mut list: Vec<IdentityProvider> = google(from).into_iter().chain(github(from)).collect();
        let networks = from.take(&OIDC_NETWORKS);
        for name in names(from) {
            list.extend(other(from, &name));
        }
        Self { list, networks }
    }
}

fn google(from: &mut Reader<'_>) -> Option<IdentityProvider> {
    let (id, secret) = (from.take(&GOOGLE_CLIENT_ID), from.take(&GOOGLE_CLIENT_SECRET));
    let issuer = from.take(&GOOGLE_ISSUER);
    let provider = IdentityProvider {
        name: "google".to_owned(),
        label: "Google".to_owned(),
        protocol: ProviderProtocol::OpenIdConnect,
        client_id: String::new(),
        client_secret: Secret::new(String::new()),
        issuer: issuer.unwrap_or_else(|| "https://accounts.google.com".to_owned()),
        authorization_url: from.take(&GOOGLE_AUTHORIZATION_URL),
        token_url: from.take(&GOOGLE_TOKEN_URL),
        jwks_url: from.take(&GOOGLE_JWKS_URL),
        api_url: None,
        hosted_domain: from.take(&GOOGLE_HOSTED_DOMAIN),
        offline_access: from.take(&GOOGLE_OFFLINE_ACCESS),
    };
    if id.is_some() != secret.is_some() {
        let missing = if id.is_some() {
            "GOOGLE_CLIENT_SECRET"
        } else {
            "GOOGLE_CLIENT_ID"
        };
        from.clash(
            &GOOGLE_CLIENT_ID,
            format!("{missing} is missing: the provider needs both"),
        );
    }
    with_client(provider, id, secret)
}

fn github(from: &mut Reader<'_>) -> Option<IdentityProvider> {
    let (id, secret) = (from.take(&GITHUB_CLIENT_ID), from.take(&GITHUB_CLIENT_SECRET));
    let provider = IdentityProvider {
        name: "github".to_owned(),
        label: "GitHub".to_owned(),
        protocol: ProviderProtocol::GitHub,
        client_id: String::new(),
        client_secret: Secret::new(String::new()),
        issuer: "https://github.com".to_owned(),
        authorization_url: from.take(&GITHUB_AUTHORIZATION_URL),
        token_url: from.take(&GITHUB_TOKEN_URL),
        jwks_url: None,
        api_url: from.take(&GITHUB_API_URL),
        hosted_domain: None,
        offline_access: false,
    };
    if id.is_some() != secret.is_some() {
        let missing = if id.is_some() {
            "GITHUB_CLIENT_SECRET"
        } else {
            "GITHUB_CLIENT_ID"
        };
        from.clash(
            &GITHUB_CLIENT_ID,
            format!("{missing} is missing: the provider needs both"),
        );
    }
    with_client(provider, id, secret)
}

fn with_client(
    provider: IdentityProvider,
    id: Option<String>,
    secret: Option<Secret<String>>,
) -> Option<IdentityProvider> {
    Some(IdentityProvider {
        client_id: id?,
        client_secret: secret?,
        ..provider
    })
}

/// The names of the other providers, from the variables, the tables and the flags that name one.
fn names(from: &Reader<'_>) -> BTreeSet<String> {
    from.given().filter_map(name_in).collect()
}

/// `okta` in `OIDC_OKTA_ISSUER` and `oidc.okta.issuer`.
fn name_in(given: &str) -> Option<String> {
    if let Some(rest) = given.strip_prefix(TABLES) {
        return rest.split_once('.').map(|(name, _)| name.to_owned());
    }
    let rest = given.strip_prefix(VARIABLES)?;
    let name = KEYS.iter().find_map(|(key, ..)| {
        let name = rest.strip_suffix(&key.to_uppercase())?;
        name.strip_suffix('_')
    })?;
    Some(name.to_lowercase().replace('_', "-"))
}

fn other(from: &mut Reader<'_>, name: &str) -> Option<IdentityProvider> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (1..=32).contains(&name.len()) && name.bytes().all(good);
    let is_taken = matches!(name, "google" | "github");
    let client_id: Option<String> = key(from, name, "client_id", |text| optional(text, parse::claim));
    let client_secret = key(from, name, "client_secret", secret);
    let issuer = key(from, name, "issuer", url);
    let label = key(from, name, "label", |text| optional(text, label));
    let provider = IdentityProvider {
        name: name.to_owned(),
        label: label.unwrap_or_else(|| name.to_owned()),
        protocol: ProviderProtocol::OpenIdConnect,
        client_id: String::new(),
        client_secret: Secret::new(String::new()),
        issuer: issuer.clone().unwrap_or_default(),
        authorization_url: key(from, name, "authorization_url", url),
        token_url: key(from, name, "token_url", url),
        jwks_url: key(from, name, "jwks_url", url),
        api_url: None,
        hosted_domain: key(from, name, "hosted_domain", |text| {
            optional(text, super::address::host)
        }),
        offline_access: key(from, name, "offline_access", |text| match text {
            "" => Ok(false),
            text => parse::switch(text),
        }),
    };
    let missing = [
        ("issuer", issuer.is_none()),
        ("client_id", client_id.is_none()),
        ("client_secret", client_secret.is_none()),
    ];
    let missing = missing
        .into_iter()
        .find_map(|(key, is_missing)| is_missing.then_some(key));
    let reason = match missing {
        _ if !is_name => Some("the name of a provider is 1 to 32 of a-z, 0-9 and -".to_owned()),
        _ if is_taken => Some("is built in: use its own settings".to_owned()),
        Some(missing) if !from.is_refused(&format!("{TABLES}{name}.{missing}")) => Some(format!(
            "{missing} is missing: the provider needs issuer, client_id and client_secret"
        )),
        _ => None,
    };
    if let Some(reason) = reason {
        from.refuse_table(format!("{TABLES}{name}"), reason);
        return None;
    }
    with_client(provider, client_id, client_secret)
}

/// The value of one key of a provider that is not built in.
fn key<T>(from: &mut Reader<'_>, name: &str, key: &str, parse: fn(&str) -> Parsed<T>) -> T {
    let (_, show, meaning) = KEYS
        .into_iter()
        .find(|(known, ..)| *known == key)
        .expect("only keys of the table are taken");
    let variable = format!("{VARIABLES}{}_{}", name.replace('-', "_"), key).to_uppercase();
    let declaration = Declaration {
        key: Cow::Owned(format!("{TABLES}{name}.{key}")),
        env: Cow::Owned(variable),
        default: "",
        show,
        meaning,
        fix: "see [oidc] in config/default.toml",
    };
    from.take_declared(&declaration, &parse)
}

/// A text for people, in one line.
fn label(text: &str) -> Parsed<String> {
    if text.chars().count() <= 100 && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("is not one line of at most 100 characters".to_owned())
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
