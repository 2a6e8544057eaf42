//! Checks for settings that are fine on a developer's machine and dangerous in front of real users. They judge the
//! effect of a setting, not its presence.

mod cautions;
mod coverage;
mod strength;

use super::choices::{Gateway, LogLevel};
use super::declared::*;
use super::error::ConfigError;
use super::provider::IdentityProvider;
use super::settings::Settings;
use crate::database::postgres_config;
use crate::network::is_this_machine;
use strength::{weakness_of_key, weakness_of_text};
use tokio_postgres::config::{Host, SslMode};
use url::Url;

impl Settings {
    /// The settings that production refuses. Elsewhere `doctor` lists them as warnings. Empty: nothing is unsafe.
    pub fn unsafe_in_production(&self) -> Vec<ConfigError> {
        let groups = [
            self.unsafe_addresses(),
            self.unsafe_secrets(),
            self.unsafe_database().into_iter().collect(),
            self.unsafe_choices(),
            self.unsafe_providers(),
        ];
        groups.into_iter().flatten().collect()
    }

    fn unsafe_addresses(&self) -> Vec<ConfigError> {
        let http = &self.http;
        let public = match http.public_url.as_deref() {
            None => Some(unsafe_setting(
                &PUBLIC_URL,
                "links in mail and passkeys would be bound to the address this process listens on",
            )),
            Some(url) if !url.starts_with("https://") => Some(unsafe_setting(
                &PUBLIC_URL,
                "without https, passwords and cookies travel in the clear",
            )),
            Some(url) if host_of(url).is_some_and(|host| is_this_machine(&host)) => Some(unsafe_setting(
                &PUBLIC_URL,
                "it names this machine, so links in mail would lead readers to their own",
            )),
            Some(_) => None,
        };
        let is_behind_proxy = http
            .public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"));
        let proxies = if http.trusted_proxies.is_empty() {
            // Without the role `api` no rate limit uses the client's address.
            (is_behind_proxy && self.roles.api).then(|| {
                unsafe_setting(
                    &TRUSTED_PROXIES,
                    "https is ended by a proxy in front of this process, and all clients would share the proxy's \
                     address: one of them who guesses passwords would lock out all",
                )
            })
        } else {
            coverage::covers_most_of_the_internet(http.trusted_proxies.nets()).then(|| {
                unsafe_setting(
                    &TRUSTED_PROXIES,
                    "together they cover so much of the internet that any client could claim any address",
                )
            })
        };
        let origins = http
            .allowed_origins
            .iter()
            .filter(|origin| is_plain(origin))
            .map(|origin| {
                let reason = format!(
                    "an attacker on the network path to {origin} could act for its signed-in visitors"
                );
                unsafe_setting(&ALLOWED_ORIGINS, &reason)
            });
        [public, proxies].into_iter().flatten().chain(origins).collect()
    }

    fn unsafe_secrets(&self) -> Vec<ConfigError> {
        let master_key = match &self.master_key {
            None => Some(
                "a key generated beside the data it seals protects nothing, and a second node could not open it",
            ),
            Some(key) => weakness_of_key(key.expose()),
        };
        let signing = self.tokens.secret.as_ref();
        let signing = signing.and_then(|secret| weakness_of_text(secret.expose()));
        let errors = [
            master_key.map(|reason| unsafe_setting(&MASTER_KEY, reason)),
            signing.map(|reason| unsafe_setting(&JWT_SECRET, reason)),
        ];
        errors.into_iter().flatten().collect()
    }

    /// A server on a private network counts as remote, too: its listeners are unknown here.
    fn unsafe_database(&self) -> Option<ConfigError> {
        let config = postgres_config(self.database.url.expose())?;
        let is_local = match config.get_hostaddrs() {
            [] => config.get_hosts().iter().all(|host| match host {
                Host::Tcp(name) => is_this_machine(name),
                Host::Unix(_) => true,
            }),
            addresses => addresses
                .iter()
                .all(|address| is_this_machine(&address.to_string())),
        };
        (config.get_ssl_mode() != SslMode::Require && !is_local).then(|| ConfigError {
            fix: "add ?sslmode=require (and sslrootcert=FILE for a certificate authority of your own), or reach the \
                  server by a Unix socket or a tunnel that ends on this machine"
                .to_owned(),
            ..unsafe_setting(
                &DATABASE_URL,
                "without sslmode=require, an attacker on the network path to the server can read and change the data",
            )
        })
    }

    fn unsafe_providers(&self) -> Vec<ConfigError> {
        let exposed = self.identity_providers.list.iter().filter(|one| one.is_exposed());
        let error = |provider: &IdentityProvider| {
            ConfigError {
            key: match provider.name.as_str() {
                built_in @ ("google" | "github") => built_in.to_owned(),
                name => format!("oidc.{name}"),
            },
            env: None,
            value: None,
            origin: None,
            reason: "unsafe in production: without https, an attacker on the network path could answer for the provider \
                     and sign in as anyone"
                .to_owned(),
            fix: "give https:// addresses".to_owned(),
        }
        };
        exposed.map(error).collect()
    }

    fn unsafe_choices(&self) -> Vec<ConfigError> {
        let rules = [
            self.audit_witness.is_exposed().then(|| {
                unsafe_setting(
                    &AUDIT_WITNESS_URL,
                    "without https, an attacker on the network path could answer for the receiver, and no head would reach it",
                )
            }),
            (!self.limits).then(|| unsafe_setting(&RATE_LIMITS, "passwords and codes could be guessed without limit")),
            self.mail.smtp_url.is_none().then(|| {
                unsafe_setting(
                    &SMTP_URL,
                    "mail would be written to files, and no customer could confirm an address or reset a password",
                )
            }),
            (self.payments.gateway == Gateway::Test).then(|| {
                unsafe_setting(
                    &PAYMENT_GATEWAY,
                    "every order would count as paid without money having moved",
                )
            }),
            (self.log.level > LogLevel::Info).then(|| {
                unsafe_setting(
                    &LOG_LEVEL,
                    "libraries log personal data and statements at this level",
                )
            }),
        ];
        rules.into_iter().flatten().collect()
    }
}

/// An `http:` origin on a machine other than the visitor's own.
fn is_plain(origin: &str) -> bool {
    origin.starts_with("http://") && !host_of(origin).is_some_and(|host| is_this_machine(&host))
}

fn host_of(origin: &str) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    url.host_str().map(str::to_owned)
}

/// The error for a setting that production refuses. [`super::load`] adds the value and its origin.
fn unsafe_setting<T>(setting: &Setting<T>, reason: &str) -> ConfigError {
    ConfigError {
        key: setting.key.to_owned(),
        env: Some(setting.env.into()),
        value: None,
        origin: None,
        reason: format!("unsafe in production: {reason}"),
        fix: setting.fix.to_owned(),
    }
}
