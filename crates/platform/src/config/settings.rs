//! The typed settings.

use super::address::TrustedProxies;
use super::parse::Parsed;
use super::secret::Secret;
use super::sources::Effective;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a process can be told. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the process is for.
    pub env: AppEnv,
    /// The HTTP server.
    pub http: Http,
    /// The database.
    pub database: Db,
    /// What this process does.
    pub roles: Roles,
    /// Folder of the files Mainstay keeps.
    pub data_dir: PathBuf,
    /// Access and refresh tokens.
    pub tokens: Tokens,
    /// Seals secrets at rest; `None`: a generated key file in `data_dir`.
    pub master_key: Option<Secret<[u8; 32]>>,
    /// The receiver of the audit chain's head.
    pub audit_witness: AuditWitness,
    /// Outgoing mail.
    pub mail: Mail,
    /// Whether rate limits are in force.
    pub limits: bool,
    /// Whether an address must be confirmed before the first sign-in.
    pub verify_email: VerifyEmail,
    /// Logs.
    pub log: Log,
    /// Own address of `/metrics`.
    pub metrics_addr: Option<SocketAddr>,
    /// Payments.
    pub payments: Payments,
    /// Orders.
    pub orders: Orders,
}

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppEnv {
    /// One's own machine: convenient before safe.
    Development,
    /// Automated tests.
    Test,
    /// Real users: unsafe settings are refused.
    Production,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// IP address or host name to listen on.
    pub host: String,
    /// TCP port; 0: any free one.
    pub port: u16,
    /// Origin under which people reach the server; `None`: `http://host:port`.
    pub public_url: Option<String>,
    /// Origins for CORS and WebSockets, in the form browsers send.
    pub allowed_origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Longest time a request may take.
    pub request_timeout: Duration,
    /// Bytes that a request body may have at most, whatever its route allows.
    pub body_limit: usize,
    /// Bytes of request bodies that may be in memory at once.
    pub body_budget: usize,
    /// Bytes of responses that may be in memory at once until their clients have read them.
    pub response_budget: usize,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// Connections that one client address may have open at once; of a quarter of all when it is not set.
    pub max_connections_per_address: usize,
    /// How long open work may finish after SIGTERM.
    pub shutdown_timeout: Duration,
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    /// `sqlite://PATH` or `postgres://…`; secret because of the password.
    pub url: Secret<String>,
    /// Connections.
    pub pool: usize,
}

/// What a process does; at least one is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Answers HTTP requests; without it only health and figures are answered.
    pub api: bool,
    /// Runs jobs and relays events.
    pub worker: bool,
    /// Will serve WebSockets; there is nothing to do yet.
    pub realtime: bool,
}

impl Roles {
    pub(super) fn parse(text: &str) -> Parsed<Self> {
        let mut roles = Self {
            api: false,
            worker: false,
            realtime: false,
        };
        for role in text.split(',').map(str::trim).filter(|role| !role.is_empty()) {
            match role {
                "api" => roles.api = true,
                "worker" => roles.worker = true,
                "realtime" => roles.realtime = true,
                "all" => {
                    roles = Self {
                        api: true,
                        worker: true,
                        realtime: true,
                    }
                }
                other => return Err(format!("{other:?} is none of api, worker, realtime, all")),
            }
        }
        if roles.api || roles.worker || roles.realtime {
            Ok(roles)
        } else {
            Err("would do nothing".to_owned())
        }
    }
}

/// Access and refresh tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// HS256 with this secret; `None`: EdDSA.
    pub secret: Option<Secret<String>>,
    /// Claim `aud`.
    pub audience: String,
    /// Claim `iss`.
    pub issuer: String,
    /// Life of an access token.
    pub access_ttl: Duration,
    /// Life of an unused session; longer than `access_ttl`.
    pub refresh_ttl: Duration,
}

/// The receiver of the audit chain's head, outside of this machine.
#[derive(Debug, Clone)]
pub struct AuditWitness {
    /// `http://` or `https://`, without user and password; `None`: the head is not sent.
    pub url: Option<String>,
    /// How often.
    pub every: Duration,
    /// Signs what is sent; `None`: it is not signed.
    pub secret: Option<Secret<Vec<u8>>>,
}

impl AuditWitness {
    /// Whether what is sent could be read and changed on its way.
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

/// Whether an address must be confirmed before the first sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyEmail {
    /// It need not.
    Optional,
    /// It must; not available yet, so no settings have it.
    Required,
}

/// Logs.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least important records that are kept.
    pub level: LogLevel,
    /// Form of the lines on standard output.
    pub format: LogFormat,
    /// Folder of `error.log` and `combined.log`.
    pub dir: Option<PathBuf>,
}

/// Importance of a log record, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the usual ones and say it all")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Form of the log lines on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `Pretty` on a terminal, else `Json`.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Payments.
#[derive(Debug, Clone)]
pub struct Payments {
    /// Who takes the money.
    pub gateway: Gateway,
}

/// Who takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// Nobody: paying answers `UNAVAILABLE`.
    None,
    /// The built-in test gateway: every card is good, no money moves.
    Test,
}

/// Orders.
#[derive(Debug, Clone)]
pub struct Orders {
    /// How long the stock of an unpaid order is held.
    pub reservation_ttl: Duration,
}

/// Settings together with where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values in force.
    pub settings: Settings,
    /// The same for people, secrets masked, in the order of `config/default.toml`.
    pub origins: Vec<Effective>,
}
