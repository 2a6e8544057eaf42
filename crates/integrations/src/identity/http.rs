//! The HTTP client for providers: it follows no redirects, reaches no private network, and reads no endless answer.

use crate::addresses::{AllowedAddresses, NotAllowed};
use crate::tls;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use mainstay_domain::Error;
use mainstay_platform::config::{AppEnv, Settings};
use mainstay_platform::network::{is_this_machine, parse_address};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a provider may take to answer, and to accept the connection.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer in bytes. Key sets and discovery documents have a few thousand.
const MAX_BYTES: usize = 256 * 1024;
const AGENT: &str = concat!("mainstay/", env!("CARGO_PKG_VERSION"));

/// Why the HTTP client could not be created.
#[derive(Debug, thiserror::Error)]
#[error("identity providers: no HTTP client: {0}")]
pub struct IdentityProviderError(String);

/// Why a provider gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("{0}")]
    Address(#[from] NotAllowed),
    #[error("{0} is neither https:// nor on this machine")]
    Scheme(String),
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Document(&'static str),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub(super) struct Http(Arc<Inner>);

struct Inner {
    client: Client,
    allowed: AllowedAddresses,
    /// Whether `http:` on this machine is allowed: never in production.
    local: bool,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Self, IdentityProviderError> {
        let broken = |error: String| IdentityProviderError(error);
        let local = settings.env != AppEnv::Production;
        let allowed = AllowedAddresses::new(
            local,
            "OIDC_NETWORKS",
            settings.identity_providers.networks.clone(),
        );
        let tls = tls::client().map_err(|error| broken(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(AGENT)
            .dns_resolver(Arc::new(allowed.clone()))
            .build()
            .map_err(|error| broken(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            client,
            allowed,
            local,
        })))
    }

    /// Checks an address that a provider's document names, before anything is sent there, the browser included.
    pub(super) fn check(&self, url: &str) -> Result<Url, CallError> {
        let scheme = || CallError::Scheme(url.to_owned());
        let parsed = Url::parse(url).map_err(|_unparsable| scheme())?;
        let host = parsed.host_str().ok_or_else(scheme)?;
        let is_safe = match parsed.scheme() {
            "https" => true,
            "http" => self.0.local && is_this_machine(host),
            _ => false,
        };
        if !is_safe {
            return Err(scheme());
        }
        // Names are checked when they are resolved.
        match parse_address(host) {
            Some(address) if !self.0.allowed.has(address) => Err(self.0.allowed.refusal(host).into()),
            _ => Ok(parsed),
        }
    }

    /// Posts a form, with the client's credentials where they do not stand in it.
    pub(super) async fn form(
        &self,
        url: &str,
        form: String,
        credentials: Option<String>,
    ) -> Result<(StatusCode, Vec<u8>), CallError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(credentials) = credentials {
            headers.insert(AUTHORIZATION, secret_value(&credentials)?);
        }
        self.send(Method::POST, url, headers, form.into_bytes()).await
    }

    /// Reads a JSON document, with an access token where it needs one.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        token: Option<&str>,
    ) -> Result<T, CallError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, secret_value(&format!("Bearer {token}"))?);
        }
        let (status, body) = self.send(Method::GET, url, headers, Vec::new()).await?;
        if status != StatusCode::OK {
            return Err(CallError::Status(status));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>), CallError> {
        let url = self.check(url)?;
        let request = self.0.client.request(method, url).headers(headers).body(body);
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, body))
    }
}

/// The value of a header that no log prints.
fn secret_value(text: &str) -> Result<HeaderValue, CallError> {
    let value = HeaderValue::from_str(text);
    let mut value = value.map_err(|_unfit| CallError::Document("a credential is not ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The provider is away, or does not speak the protocol.
pub(super) fn unavailable(cause: CallError) -> Error {
    Error::unavailable("the identity provider", cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn http(production: bool) -> Http {
        let mut settings = Settings::read(&[], &BTreeMap::new(), None).unwrap().settings;
        if production {
            settings.env = AppEnv::Production;
        }
        Http::new(&settings).unwrap()
    }

    #[test]
    fn addresses_are_https_and_public() {
        let development = http(false);
        for good in [
            "https://idp.example/x",
            "http://127.0.0.1:9000/x",
            "http://localhost/x",
        ] {
            assert!(development.check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://idp.example/x",
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:10.0.0.1]/x",
            "https://0x0a000001/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/relative",
        ] {
            assert!(development.check(bad).is_err(), "{bad}");
        }
        let production = http(true);
        assert!(production.check("https://idp.example/x").is_ok());
        for bad in ["http://127.0.0.1/x", "https://127.0.0.1/x", "https://[::1]/x"] {
            assert!(production.check(bad).is_err(), "{bad}");
        }
    }
}
