//! Options of the HTTP interfaces.

use mainstay_platform::config::{AppEnv, Settings, TrustedProxies};
use std::time::Duration;

/// Options of the HTTP interfaces that the deployment sets.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// URL under which clients reach the server: `scheme://host[:port]`.
    pub public_url: String,
    /// Web origins that may send requests with credentials, as browsers write them.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: TrustedProxies,
    /// Maximum time to answer a request.
    pub request_timeout: Duration,
    /// Maximum bytes of a request body, whatever its route allows.
    pub body_limit: usize,
    /// Maximum bytes of request bodies in memory at once.
    pub body_budget: usize,
    /// Maximum bytes of responses in memory at once, until their clients have received them.
    pub response_budget: usize,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of open connections per address.
    pub max_connections_per_address: usize,
    /// Whether browsers send the cookies over encrypted connections only (`Secure`).
    pub secure_cookies: bool,
    /// Whether rate limits apply.
    pub limits: bool,
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
}

impl EdgeOptions {
    /// The options for the given settings and the URL of the server, which contains the actual port if 0 was
    /// configured.
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
    /// Options for a server on a developer's machine.
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
