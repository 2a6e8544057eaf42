//! The typed settings.

use super::address::TrustedProxies;
use super::choices::{AppEnv, Gateway, LogFormat, LogLevel, RefreshRetry, Roles, VerifyEmail};
use super::provider::IdentityProviders;
use super::secret::Secret;
use super::sections::SectionValues;
use super::sources::Effective;
use crate::crypto::token::TokenAlgorithm;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// All settings of a process. Its `Debug` prints no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment the process runs in.
    pub env: AppEnv,
    /// The HTTP server.
    pub http: Http,
    /// The database.
    pub database: Db,
    /// The roles of this process.
    pub roles: Roles,
    /// Folder of the files that Mainstay stores.
    pub data_dir: PathBuf,
    /// The identity providers that accounts may sign in with.
    pub identity_providers: IdentityProviders,
    /// Access and refresh tokens.
    pub tokens: Tokens,
    /// Seals secrets at rest; `None`: a key file in `data_dir`, which Mainstay generates.
    pub master_key: Option<Secret<[u8; 32]>>,
    /// Opens what it sealed before `master_key` replaced it.
    pub master_key_previous: Option<Secret<[u8; 32]>>,
    /// The receiver of the audit chain's head.
    pub audit_witness: AuditWitness,
    /// Private networks in which outgoing webhooks reach endpoints, also by `http:`.
    pub webhook_networks: Vec<IpNet>,
    /// Outgoing mail.
    pub mail: Mail,
    /// Whether rate limits are in force.
    pub limits: bool,
    /// Characters that a new password has at least.
    pub password_min: usize,
    /// Whether users must confirm their address before the first sign-in.
    pub verify_email: VerifyEmail,
    /// Accounts.
    pub accounts: Accounts,
    /// Logs.
    pub log: Log,
    /// Separate listen address of `/metrics`.
    pub metrics_addr: Option<SocketAddr>,
    /// Payments.
    pub payments: Payments,
    /// Orders.
    pub orders: Orders,
    /// The sections that an application added.
    pub sections: SectionValues,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// IP address or host name to listen on.
    pub host: String,
    /// TCP port; 0: any free one.
    pub port: u16,
    /// Public origin of the server; `None`: `http://host:port`.
    pub public_url: Option<String>,
    /// Allowed origins for CORS and WebSockets, in the form browsers send.
    pub allowed_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is accepted.
    pub trusted_proxies: TrustedProxies,
    /// Longest time a request may take.
    pub request_timeout: Duration,
    /// Maximum size of a request body in bytes, whatever its route allows.
    pub body_limit: usize,
    /// Bytes of request bodies that may be in memory at once.
    pub body_budget: usize,
    /// Bytes of responses that may be in memory at once until their clients have read them.
    pub response_budget: usize,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// Connections that one client address may have open at once; a quarter of all when it is not set.
    pub max_connections_per_address: usize,
    /// How long open requests and jobs may take to finish after SIGTERM.
    pub shutdown_timeout: Duration,
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    /// `sqlite://PATH` or `postgres://…`; secret because of the password.
    pub url: Secret<String>,
    /// Maximum number of connections in the pool.
    pub pool: usize,
}

/// Access and refresh tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// HS256 with this secret; `None`: with keys of `algorithm`.
    pub secret: Option<Secret<String>>,
    /// The algorithm of new signing keys.
    pub algorithm: TokenAlgorithm,
    /// How old a signing key becomes before it gets a successor.
    pub key_rotation: Duration,
    /// Claim `aud`.
    pub audience: String,
    /// Claim `iss`.
    pub issuer: String,
    /// Lifetime of an access token.
    pub access_ttl: Duration,
    /// Lifetime of an unused session; longer than `access_ttl`.
    pub refresh_ttl: Duration,
    /// Lifetime of any session, however often it is refreshed.
    pub session_max: Duration,
    /// What happens when another client retries with a refresh token than the one that it was issued to.
    pub refresh_retry: RefreshRetry,
}

/// The receiver of the audit chain's head, outside of this machine.
#[derive(Debug, Clone)]
pub struct AuditWitness {
    /// `http://` or `https://`, without user and password; `None`: the head is not sent.
    pub url: Option<String>,
    /// Interval between two deliveries.
    pub every: Duration,
    /// Signs the delivered head; `None`: it is not signed.
    pub secret: Option<Secret<Vec<u8>>>,
}

impl AuditWitness {
    /// Whether a third party could read and change the delivery on its way.
    pub(super) fn is_exposed(&self) -> bool {
        self.url.as_deref().is_some_and(|url| url.starts_with("http://"))
    }
}

/// Outgoing mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// `smtp://` or `smtps://`; `None`: files in `data_dir/mail`.
    pub smtp_url: Option<Secret<String>>,
    /// Sender, bare or `Name <address>`.
    pub from: String,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least important level that is logged.
    pub level: LogLevel,
    /// Form of the lines on standard output.
    pub format: LogFormat,
    /// Folder of `error.log` and `combined.log`.
    pub dir: Option<PathBuf>,
}

/// Payments.
#[derive(Debug, Clone)]
pub struct Payments {
    /// The payment provider.
    pub gateway: Gateway,
}

/// Orders.
#[derive(Debug, Clone)]
pub struct Orders {
    /// How long an unpaid order reserves its stock.
    pub reservation_ttl: Duration,
}

/// Accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// How long an account can be restored whose owner requested its deletion; zero: it is deleted at once.
    pub deletion_grace: Duration,
    /// How long the link of an invitation works.
    pub invitation_ttl: Duration,
}

/// Settings together with the origin of each.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values in force.
    pub settings: Settings,
    /// The same for display, secrets masked, in the order of `config/default.toml`.
    pub origins: Vec<Effective>,
}
