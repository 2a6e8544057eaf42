//! Every setting, declared once: key, environment variable, meaning, parser, and how much of its value is printed.
//!
//! A new setting is a line here, an entry in `config/default.toml` with the same meaning in its comment
//! (a test compares them), and a field in [`super::settings::Settings`].

use super::address::{self, TrustedProxies};
use super::choices::{AppEnv, Gateway, LogFormat, LogLevel, RefreshRetry, Roles, VerifyEmail};
use super::mask::Show;
use super::parse::{self, Parsed, optional};
use super::provider_value;
use super::secret::Secret;
use crate::crypto::token::TokenAlgorithm;
use ipnet::IpNet;
use mainstay_domain::password;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A setting whose value is a `T`.
pub(super) struct Setting<T> {
    /// Dotted key in `mainstay.toml`.
    pub(super) key: &'static str,
    /// The environment variable.
    pub(super) env: &'static str,
    /// How much of the value may be printed.
    pub(super) show: Show,
    /// Parses the text; the error is the reason.
    pub(super) parse: fn(&str) -> Parsed<T>,
    /// What the setting decides, in one line.
    pub(super) meaning: &'static str,
    /// The remedy in the error: what to write instead of a refused value.
    pub(super) fix: &'static str,
}

macro_rules! settings {
    ($($name:ident: $type:ty = $key:literal, $show:ident, $parse:expr, $meaning:literal, $fix:literal;)*) => {
        $(pub(super) static $name: Setting<$type> = Setting {
            key: $key, env: stringify!($name), show: Show::$show, parse: $parse, meaning: $meaning, fix: $fix,
        };)*
    };
}

settings! {
    APP_ENV: AppEnv = "app.env", Plain,
        |text| parse::choice(text, &[("development", AppEnv::Development), ("test", AppEnv::Test), ("production", AppEnv::Production)]),
        "development, test or production; production refuses to start with unsafe settings and names them.",
        "choose one of them";
    ROLES: Roles = "app.roles", Plain, Roles::parse,
        "roles of this process: any of api (answers requests), worker (runs jobs), realtime (serves channels), or all.",
        "list one or more, e.g. api,worker";
    DATA_DIR: PathBuf = "app.data_dir", Plain, parse::folder,
        "folder for the files that Mainstay writes: database, generated keys, mail, exports.",
        "give a folder, e.g. /var/lib/mainstay";

    HOST: String = "http.host", Plain, address::host,
        "address or host name to listen on; 0.0.0.0 or :: for every interface.",
        "give an address, e.g. 127.0.0.1";
    PORT: u16 = "http.port", Plain, |text| parse::whole(text, 0, u16::MAX),
        "TCP port to listen on; 0 picks a free one, which is printed at start.",
        "give a port, e.g. 3000, or 0 for any free one";
    PUBLIC_URL: Option<String> = "http.public_url", Plain, |text| optional(text, address::origin),
        "address under which clients reach this server: links in mail, OAuth redirects, passkey relying party.",
        "give scheme and host without a path, e.g. https://shop.example";
    ALLOWED_ORIGINS: Vec<String> = "http.allowed_origins", Plain, |text| parse::list(text, address::origin),
        "web origins that may call with credentials (CORS) and open WebSockets; \"*\" is rejected.",
        "list each site, e.g. https://app.example,http://localhost:5173";
    TRUSTED_PROXIES: TrustedProxies = "http.trusted_proxies", Plain, |text| parse::list(text, address::network).map(TrustedProxies::from),
        "networks (CIDR) of trusted proxies, whose X-Forwarded-For is used; none by default.",
        "list the addresses of your own proxies, e.g. 10.0.0.0/8";
    REQUEST_TIMEOUT: Duration = "http.request_timeout", Plain, |text| parse::duration(text, "100ms", "1h"),
        "how long a request may take before it is answered with 504.",
        "give a duration, e.g. 30s";
    SHUTDOWN_TIMEOUT: Duration = "http.shutdown_timeout", Plain, |text| parse::duration(text, "0s", "1h"),
        "how long open requests and running jobs may finish after SIGTERM.",
        "give a duration, e.g. 20s";
    BODY_LIMIT: usize = "http.body_limit", Plain, parse::size,
        "largest request body of any route; most routes allow less (`mainstay routes`). A larger one is answered with 413.",
        "give a size, e.g. 10MiB";
    BODY_BUDGET: usize = "http.body_budget", Plain, parse::budget,
        "memory for all request bodies at once, a quarter of it for one client address; beyond it 503.",
        "give a size, e.g. 64MiB";
    RESPONSE_BUDGET: usize = "http.response_budget", Plain, parse::budget,
        "memory for all responses that clients have not read yet, a quarter of it for one client address; beyond it 503.",
        "give a size, e.g. 128MiB";
    MAX_CONNECTIONS: usize = "http.max_connections", Plain, |text| parse::whole(text, 1, 1_000_000),
        "connections that may be open at once; further ones are closed at once. Lowered at start when fewer files may be open.",
        "give a number, e.g. 10000";
    MAX_CONNECTIONS_PER_ADDRESS: Option<usize> = "http.max_connections_per_address", Plain,
        |text| optional(text, |text| parse::whole(text, 1, 1_000_000)),
        "connections that one client address (IPv6: one /64) may have open at once; a trusted proxy may have all.",
        "give a number, e.g. 2500, or leave it out";
    DOCS: Option<bool> = "http.docs", Plain,
        |text| parse::choice(text, &[("auto", None), ("on", Some(true)), ("off", Some(false))]),
        "serve /docs and /openapi.json: on, off, or auto (on, except in production).",
        "choose one of them";

    DATABASE_URL: Option<String> = "database.url", Url, |text| optional(text, address::database),
        "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME.",
        "give one of the two; special characters of a password are percent-encoded";
    DATABASE_POOL: usize = "database.pool", Plain, |text| parse::whole(text, 1, 1000),
        "connections: to PostgreSQL in all, or readers beside the one writer of SQLite.",
        "give a number, e.g. 12";

    GOOGLE_CLIENT_ID: Option<String> = "google.client_id", Plain, |text| optional(text, parse::claim),
        "the client id that Google issued; with GOOGLE_CLIENT_SECRET, accounts sign in with Google.",
        "give the client id of the Google console, or leave it out";
    GOOGLE_CLIENT_SECRET: Option<Secret<String>> = "google.client_secret", Nothing, provider_value::secret,
        "the client secret that Google issued.",
        "give the client secret of the Google console";
    GOOGLE_ISSUER: Option<String> = "google.issuer", Plain, provider_value::url,
        "the issuer whose discovery document is read; empty: https://accounts.google.com.",
        "leave it out";
    GOOGLE_AUTHORIZATION_URL: Option<String> = "google.authorization_url", Plain, provider_value::url,
        "in place of the authorization endpoint in the discovery document.",
        "leave it out";
    GOOGLE_TOKEN_URL: Option<String> = "google.token_url", Plain, provider_value::url,
        "in place of the token endpoint in the discovery document.",
        "leave it out";
    GOOGLE_JWKS_URL: Option<String> = "google.jwks_url", Plain, provider_value::url,
        "in place of the keys' address in the discovery document.",
        "leave it out";
    GOOGLE_HOSTED_DOMAIN: Option<String> = "google.hosted_domain", Plain, |text| optional(text, address::host),
        "only accounts of this Google Workspace domain (claim hd) sign in; empty: every account.",
        "give a domain, e.g. example.com, or leave it out";
    GOOGLE_OFFLINE_ACCESS: bool = "google.offline_access", Plain, parse::switch,
        "on: ask for a refresh token, which is stored sealed.",
        "choose off";
    GITHUB_CLIENT_ID: Option<String> = "github.client_id", Plain, |text| optional(text, parse::claim),
        "the client id of a GitHub OAuth app; with GITHUB_CLIENT_SECRET, accounts sign in with GitHub.",
        "give the client id of the OAuth app, or leave it out";
    GITHUB_CLIENT_SECRET: Option<Secret<String>> = "github.client_secret", Nothing, provider_value::secret,
        "the client secret of the GitHub OAuth app.",
        "give the client secret of the OAuth app";
    GITHUB_AUTHORIZATION_URL: Option<String> = "github.authorization_url", Plain, provider_value::url,
        "the authorization endpoint; empty: https://github.com/login/oauth/authorize.",
        "leave it out, or give that of a GitHub Enterprise server";
    GITHUB_TOKEN_URL: Option<String> = "github.token_url", Plain, provider_value::url,
        "the token endpoint; empty: https://github.com/login/oauth/access_token.",
        "leave it out, or give that of a GitHub Enterprise server";
    GITHUB_API_URL: Option<String> = "github.api_url", Plain, provider_value::url,
        "the API that has the account and its addresses; empty: https://api.github.com.",
        "leave it out, or give that of a GitHub Enterprise server";
    OIDC_NETWORKS: Vec<IpNet> = "oidc.networks", Plain, |text| parse::list(text, address::network),
        "private networks (CIDR) in which identity providers may be reached; none by default.",
        "list the networks of your own providers, e.g. 10.1.2.0/24";

    JWT_SECRET: Option<Secret<String>> = "tokens.secret", Nothing, |text| optional(text, parse::signing_secret),
        "at least 32 bytes: sign tokens with HS256 and this secret; empty: with keys kept sealed in the database.",
        "give the output of `openssl rand -base64 48`, or leave it out";
    JWT_ALGORITHM: TokenAlgorithm = "tokens.algorithm", Plain,
        |text| parse::choice(text, &[("EdDSA", TokenAlgorithm::EdDsa), ("ES256", TokenAlgorithm::Es256)]),
        "EdDSA, or ES256 for verifiers that know no other: the algorithm of new signing keys, where JWT_SECRET is empty.",
        "choose EdDSA";
    KEY_ROTATION: Duration = "tokens.key_rotation", Plain, |text| parse::duration(text, "1d", "400d"),
        "age at which a signing key gets a successor; `mainstay keys rotate` does it at once.",
        "give a duration, e.g. 90d";
    JWT_AUDIENCE: String = "tokens.audience", Plain, parse::claim,
        "the aud claim of every token; tokens with another are rejected.",
        "give a name, e.g. api";
    JWT_ISSUER: String = "tokens.issuer", Plain, parse::claim,
        "the iss claim of every token; tokens with another are rejected.",
        "give a name, e.g. mainstay";
    ACCESS_TTL: Duration = "tokens.access_ttl", Plain, |text| parse::duration(text, "1s", "1d"),
        "lifetime of an access token.",
        "give a duration, e.g. 15m";
    REFRESH_TTL: Duration = "tokens.refresh_ttl", Plain, |text| parse::duration(text, "1s", "400d"),
        "lifetime of an unused session; longer than ACCESS_TTL.",
        "give a duration longer than ACCESS_TTL, e.g. 7d";
    SESSION_MAX: Duration = "tokens.session_max", Plain, |text| parse::duration(text, "1s", "400d"),
        "lifetime of any session, however often it is refreshed; then its user signs in again.",
        "give a duration, e.g. 30d";
    REFRESH_RETRY: RefreshRetry = "tokens.refresh_retry", Plain,
        |text| parse::choice(text, &[("lenient", RefreshRetry::Lenient), ("strict", RefreshRetry::Strict)]),
        "lenient, or strict: a client of another network or software that repeats a refresh ends the session, instead of only marking it.",
        "choose lenient";

    MASTER_KEY: Option<Secret<[u8; 32]>> = "security.master_key", Nothing, |text| optional(text, parse::master_key),
        "32 bytes in base64: encrypt the stored secrets: TOTP secrets, signing keys, provider tokens.",
        "give the output of `openssl rand -base64 32`, and store it safely: without it the encrypted secrets are lost";
    MASTER_KEY_PREVIOUS: Option<Secret<[u8; 32]>> = "security.master_key_previous", Nothing, |text| optional(text, parse::master_key),
        "a former MASTER_KEY in base64: what it encrypted can still be read, until `mainstay keys reseal` has finished.",
        "give the former key, or leave it out";
    RATE_LIMITS: bool = "security.rate_limits", Plain, parse::switch,
        "on, or off for load tests; off is refused in production.",
        "choose on";
    VERIFY_EMAIL: VerifyEmail = "security.verify_email", Plain,
        |text| parse::choice(text, &[("optional", VerifyEmail::Optional), ("required", VerifyEmail::Required)]),
        "required: no account signs in before the link in the mail was followed; optional: at once.",
        "choose optional or required";
    INVITATION_TTL: Duration = "security.invitation_ttl", Plain, |text| parse::duration(text, "1h", "90d"),
        "how long the link of an invitation works.",
        "give a duration, e.g. 7d";
    PASSWORD_MIN: usize = "security.password_min", Plain, |text| parse::whole(text, password::FEWEST, password::MOST_FEWEST),
        "characters that a new password has at least.",
        "give a number from 8 to 64, e.g. 8";

    DELETION_GRACE: Duration = "accounts.deletion_grace", Plain, |text| parse::duration(text, "0s", "90d"),
        "how long an account can be restored whose owner requested its deletion; 0s: it is deleted at once.",
        "give a duration, e.g. 14d";

    AUDIT_WITNESS_URL: Option<String> = "audit.witness_url", Plain, |text| optional(text, address::endpoint),
        "URL to which Mainstay sends the sealed head of the audit chain, so that a database restored together with DATA_DIR is detected.",
        "give an https:// URL without user and password, e.g. https://witness.example/mainstay";
    AUDIT_WITNESS_EVERY: Duration = "audit.witness_every", Plain, |text| parse::duration(text, "1m", "7d"),
        "interval at which the head is sent to AUDIT_WITNESS_URL.",
        "give a duration, e.g. 1h";
    AUDIT_WITNESS_SECRET: Option<Secret<Vec<u8>>> = "audit.witness_secret", Nothing, |text| optional(text, parse::webhook_secret),
        "whsec_ and 24 to 64 bytes in base64: signs the requests (Standard Webhooks); empty: not signed.",
        "give whsec_ and the output of `openssl rand -base64 32`";

    WEBHOOK_NETWORKS: Vec<IpNet> = "webhooks.networks", Plain, |text| parse::list(text, address::network),
        "private networks (CIDR) in which outgoing webhooks reach endpoints, also by http; none by default.",
        "list the networks of your own receivers, e.g. 10.1.2.0/24";

    SMTP_URL: Option<Secret<String>> = "mail.smtp_url", Url, |text| optional(text, |text| address::smtp(text).map(Secret::new)),
        "smtp://USER:PASSWORD@HOST:587 or smtps://, with ?sslrootcert=FILE for an authority of your own; empty: mail is written to DATA_DIR/mail/*.eml.",
        "give the URL of your mail server, e.g. smtps://USER:PASSWORD@mail.example:465";
    MAIL_FROM: String = "mail.from", Plain, parse::sender,
        "sender of every mail.",
        "give an address, e.g. Shop <no-reply@shop.example>";

    PAYMENT_GATEWAY: Gateway = "payments.gateway", Plain,
        |text| parse::choice(text, &[("test", Gateway::Test), ("none", Gateway::None)]),
        "test (every card is accepted, no money moves; refused in production) or none (paying answers 503).",
        "choose none";
    RESERVATION_TTL: Duration = "orders.reservation_ttl", Plain, |text| parse::duration(text, "1s", "30d"),
        "how long the stock of an unpaid order is reserved.",
        "give a duration, e.g. 30m";

    LOG_LEVEL: LogLevel = "log.level", Plain,
        |text| parse::choice(text, &[
            ("error", LogLevel::Error), ("warn", LogLevel::Warn), ("info", LogLevel::Info),
            ("debug", LogLevel::Debug), ("trace", LogLevel::Trace),
        ]),
        "error, warn, info, debug or trace; the last two are refused in production.",
        "choose info";
    LOG_FORMAT: LogFormat = "log.format", Plain,
        |text| parse::choice(text, &[("auto", LogFormat::Auto), ("json", LogFormat::Json), ("pretty", LogFormat::Pretty)]),
        "json (one object a line), pretty (for people), or auto (pretty on a terminal, else json).",
        "choose one of them";
    LOG_DIR: Option<PathBuf> = "log.dir", Plain, |text| optional(text, parse::folder),
        "folder for error.log and combined.log, rotated daily, 14 kept; empty: standard output only.",
        "give a folder, e.g. /var/log/mainstay";
    METRICS_ADDR: Option<SocketAddr> = "metrics.addr", Plain, |text| optional(text, address::socket),
        "serve /metrics on an address of its own, e.g. 127.0.0.1:9100.",
        "give address and port, e.g. 127.0.0.1:9100";
}
