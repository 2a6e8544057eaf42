//! What a deployment decides about its HTTP doors.

use mainstay_platform::config::{AppEnv, Settings, TrustedProxies};
use std::time::Duration;

/// What a deployment decides about its HTTP doors.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// Where people reach the server: `scheme://host[:port]`.
    pub public_url: String,
    /// Web origins that may call with credentials, in the form browsers send.
    pub allowed_origins: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Bytes that a request body may have at most, whatever its route allows.
    pub body_limit: usize,
    /// Bytes of request bodies that may be in memory at once.
    pub body_budget: usize,
    /// Bytes of responses that may be in memory at once until their clients have taken them.
    pub response_budget: usize,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// Connections that one address may have open at once.
    pub max_connections_per_address: usize,
    /// Whether cookies are for encrypted connections only.
    pub secure_cookies: bool,
    /// Whether rates are limited.
    pub limits: bool,
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
}

impl EdgeOptions {
    /// Of the settings, and of the URL under which the server is reached (with the port that was found free).
    pub fn of(settings: &Settings, public_url: &str) -> Self {
        let http = &settings.http;
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            allowed_origins: http.allowed_origins.clone(),
            trusted_proxies: http.trusted_proxies.clone(),
            request_timeout: http.request_timeout,
            body_limit: http.body_limit,
            body_budget: http.body_budget,
            response_budget: http.response_budget,
            max_connections: http.max_connections,
            max_connections_per_address: http.max_connections_per_address,
            secure_cookies: settings.env == AppEnv::Production || public_url.starts_with("https://"),
            limits: settings.limits,
            docs: http.docs,
        }
    }
}

impl Default for EdgeOptions {
    /// A server on one's own machine.
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            allowed_origins: Vec::new(),
            trusted_proxies: TrustedProxies::default(),
            request_timeout: Duration::from_secs(30),
            body_limit: 10 * 1024 * 1024,
            body_budget: 64 * 1024 * 1024,
            response_budget: 128 * 1024 * 1024,
            max_connections: 10_000,
            max_connections_per_address: 2_500,
            secure_cookies: false,
            limits: true,
            docs: true,
        }
    }
}
