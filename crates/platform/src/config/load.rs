//! Loads the settings from their sources and validates them.

use super::choices::AppEnv;
use super::declared::*;
use super::error::{ConfigError, ConfigErrors};
use super::provider::IdentityProviders;
use super::secret::Secret;
use super::sections::Sections;
use super::settings::{
    Accounts, AuditWitness, Db, Http, Loaded, Log, Mail, Orders, Payments, Settings, Tokens,
};
use super::sources::{Effective, Reader, Sources};
use crate::database::sqlite_url;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

impl Settings {
    /// Reads and validates all settings, the sections of an application among them.
    ///
    /// # Errors
    /// All errors at once, with secrets masked; in production also every unsafe setting.
    pub fn load(sources: &Sources, sections: &Sections) -> Result<Loaded, ConfigErrors> {
        let path = sources.file.as_deref().unwrap_or(Path::new("mainstay.toml"));
        let (text, unreadable) = match std::fs::read_to_string(path) {
            Ok(text) => (Some(text), None),
            Err(error) if error.kind() == ErrorKind::NotFound && sources.file.is_none() => (None, None),
            Err(error) => (None, Some(unreadable(path, &error))),
        };
        let loaded = Self::read_with(
            sections,
            &sources.flags,
            &sources.env,
            text.as_deref().map(|text| (path, text)),
        );
        match (unreadable, loaded) {
            (None, loaded) => loaded,
            (Some(error), Ok(_)) => Err(ConfigErrors(vec![error])),
            (Some(error), Err(ConfigErrors(rest))) => Err(ConfigErrors([vec![error], rest].concat())),
        }
    }

    /// [`Settings::load`] without I/O and without sections of an application: `file` is the path and the text of
    /// `mainstay.toml`.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn read(
        flags: &[(String, String)],
        env: &BTreeMap<String, String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Loaded, ConfigErrors> {
        Self::read_with(&Sections::default(), flags, env, file)
    }

    /// [`Settings::load`] without I/O: `file` is the path and the text of `mainstay.toml`.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn read_with(
        sections: &Sections,
        flags: &[(String, String)],
        env: &BTreeMap<String, String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Loaded, ConfigErrors> {
        let mut reader = Reader::new(flags, env, file);
        let settings = Self::take(&mut reader, sections);
        reader.refuse_unknown();
        let Reader {
            taken, mut errors, ..
        } = reader;
        if settings.env == AppEnv::Production {
            // A refused setting already has an error; its default needs no second one for being unsafe.
            let reported: Vec<String> = errors.iter().map(|error| error.key.clone()).collect();
            let further = settings
                .unsafe_in_production()
                .into_iter()
                .filter(|error| !reported.contains(&error.key));
            errors.extend(further.map(|error| located(error, &taken)));
        }
        if errors.is_empty() {
            Ok(Loaded {
                settings,
                origins: taken,
            })
        } else {
            Err(ConfigErrors(errors))
        }
    }

    fn take(from: &mut Reader<'_>, sections: &Sections) -> Self {
        let env = from.take(&APP_ENV);
        let roles = from.take(&ROLES);
        let data_dir = from.take(&DATA_DIR);
        let http = Http::take(from, env);
        let url = from.take(&DATABASE_URL).unwrap_or_else(|| {
            let url = sqlite_url(&data_dir.join("mainstay.db"));
            from.resolved(&DATABASE_URL, url.clone());
            url
        });
        Self {
            env,
            http,
            database: Db {
                url: Secret::new(url),
                pool: from.take(&DATABASE_POOL),
            },
            roles,
            data_dir,
            identity_providers: IdentityProviders::take(from),
            tokens: Tokens::take(from),
            master_key: from.take(&MASTER_KEY),
            master_key_previous: from.take(&MASTER_KEY_PREVIOUS),
            limits: from.take(&RATE_LIMITS),
            password_min: from.take(&PASSWORD_MIN),
            verify_email: from.take(&VERIFY_EMAIL),
            accounts: Accounts {
                deletion_grace: from.take(&DELETION_GRACE),
                invitation_ttl: from.take(&INVITATION_TTL),
            },
            audit_witness: AuditWitness {
                url: from.take(&AUDIT_WITNESS_URL),
                every: from.take(&AUDIT_WITNESS_EVERY),
                secret: from.take(&AUDIT_WITNESS_SECRET),
            },
            webhook_networks: from.take(&WEBHOOK_NETWORKS),
            mail: Mail {
                smtp_url: from.take(&SMTP_URL),
                from: from.take(&MAIL_FROM),
            },
            payments: Payments {
                gateway: from.take(&PAYMENT_GATEWAY),
            },
            orders: Orders {
                reservation_ttl: from.take(&RESERVATION_TTL),
            },
            log: Log {
                level: from.take(&LOG_LEVEL),
                format: from.take(&LOG_FORMAT),
                dir: from.take(&LOG_DIR),
            },
            metrics_addr: from.take(&METRICS_ADDR),
            sections: sections.take(from),
        }
    }
}

impl Http {
    fn take(from: &mut Reader<'_>, env: AppEnv) -> Self {
        let max_connections = from.take(&MAX_CONNECTIONS);
        let per_address = from.take(&MAX_CONNECTIONS_PER_ADDRESS).unwrap_or_else(|| {
            let share = share_of_an_address(max_connections);
            from.resolved(&MAX_CONNECTIONS_PER_ADDRESS, share.to_string());
            share
        });
        Self {
            host: from.take(&HOST),
            port: from.take(&PORT),
            public_url: from.take(&PUBLIC_URL),
            allowed_origins: from.take(&ALLOWED_ORIGINS),
            trusted_proxies: from.take(&TRUSTED_PROXIES),
            request_timeout: from.take(&REQUEST_TIMEOUT),
            shutdown_timeout: from.take(&SHUTDOWN_TIMEOUT),
            body_limit: from.take(&BODY_LIMIT),
            body_budget: from.take(&BODY_BUDGET),
            response_budget: from.take(&RESPONSE_BUDGET),
            max_connections,
            max_connections_per_address: per_address.min(max_connections),
            docs: from.take(&DOCS).unwrap_or_else(|| {
                let docs = env != AppEnv::Production;
                from.resolved(&DOCS, if docs { "on" } else { "off" }.to_owned());
                docs
            }),
        }
    }
}

/// The default: a quarter of all connections, but at least 16, as many as a browser or two behind one address may need.
fn share_of_an_address(max_connections: usize) -> usize {
    (max_connections / 4).max(16).min(max_connections)
}

impl Tokens {
    fn take(from: &mut Reader<'_>) -> Self {
        let tokens = Self {
            secret: from.take(&JWT_SECRET),
            algorithm: from.take(&JWT_ALGORITHM),
            key_rotation: from.take(&KEY_ROTATION),
            audience: from.take(&JWT_AUDIENCE),
            issuer: from.take(&JWT_ISSUER),
            access_ttl: from.take(&ACCESS_TTL),
            refresh_ttl: from.take(&REFRESH_TTL),
            session_max: from.take(&SESSION_MAX),
            refresh_retry: from.take(&REFRESH_RETRY),
        };
        if tokens.refresh_ttl <= tokens.access_ttl {
            from.clash(
                &REFRESH_TTL,
                "is not longer than ACCESS_TTL: no client could renew a token".to_owned(),
            );
        }
        tokens
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError {
        key: path.display().to_string(),
        env: None,
        value: None,
        origin: None,
        reason: format!("the file cannot be read: {error}"),
        fix: "check the path and the permissions".to_owned(),
    }
}

/// The error with the value as given and its origin.
fn located(error: ConfigError, taken: &[Effective]) -> ConfigError {
    match taken.iter().find(|setting| setting.key == error.key) {
        Some(setting) => {
            let (value, origin) = (Some(setting.value.clone()), Some(setting.origin.clone()));
            ConfigError {
                value,
                origin,
                ..error
            }
        }
        None => error,
    }
}
