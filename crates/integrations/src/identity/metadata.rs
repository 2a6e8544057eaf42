//! What a provider publishes: its discovery document and its keys, cached.

use super::http::{CallError, Http};
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::IdentityProvider;
use openidconnect::core::CoreJsonWebKeySet;
use parking_lot::Mutex;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How long documents are used before they are read again.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// The shortest interval at which an unknown key makes the server read the keys again, so that forged tokens cannot make
/// it flood the provider.
const MIN_INTERVAL: Duration = Duration::from_secs(30);

/// The parts of a discovery document (OpenID Connect Discovery 1.0, 3; RFC 8414; RFC 9207) that matter here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Whether the client's secret goes into the body: only where the provider does not take `Basic`, the default.
    pub(super) fn secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_some_and(|methods| !methods.iter().any(|method| method == "client_secret_basic"))
    }

    /// The document as it is used: the issuer in it is the one in the settings, or it is another provider's (issuer
    /// mix-up), and nothing is sent to an address that is not allowed.
    pub(super) fn checked(self, http: &Http, settings: &IdentityProvider) -> Result<Self, CallError> {
        if self.issuer != settings.issuer {
            return Err(CallError::Document("the discovery document names another issuer"));
        }
        let metadata = self.overridden(settings);
        for url in [
            &metadata.authorization_endpoint,
            &metadata.token_endpoint,
            &metadata.jwks_uri,
        ] {
            http.check(url)?;
        }
        Ok(metadata)
    }

    /// With the addresses that the settings name in place of the published ones.
    fn overridden(mut self, settings: &IdentityProvider) -> Self {
        let replace = |mine: &mut String, given: &Option<String>| {
            if let Some(given) = given {
                mine.clone_from(given);
            }
        };
        replace(&mut self.authorization_endpoint, &settings.authorization_url);
        replace(&mut self.token_endpoint, &settings.token_url);
        replace(&mut self.jwks_uri, &settings.jwks_url);
        self
    }
}

/// The documents of one provider.
#[derive(Default)]
pub(super) struct Published {
    metadata: Mutex<Option<Cached<Metadata>>>,
    keys: Mutex<Option<Cached<CoreJsonWebKeySet>>>,
}

struct Cached<T> {
    value: Arc<T>,
    read_at: Timestamp,
}

impl<T> Cached<T> {
    fn is_younger(&self, age: Duration, now: Timestamp) -> bool {
        now < self.read_at.after(age)
    }
}

impl Published {
    /// The discovery document.
    pub(super) async fn metadata(
        &self,
        http: &Http,
        settings: &IdentityProvider,
        now: Timestamp,
    ) -> Result<Arc<Metadata>, CallError> {
        if let Some(cached) = &*self.metadata.lock()
            && cached.is_younger(MAX_AGE, now)
        {
            return Ok(Arc::clone(&cached.value));
        }
        let base = settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let read: Metadata = http.json(&url, None).await?;
        let value = Arc::new(read.checked(http, settings)?);
        *self.metadata.lock() = Some(Cached {
            value: Arc::clone(&value),
            read_at: now,
        });
        Ok(value)
    }

    /// The keys. `again`: a token is signed by none of the known ones, so they are read again unless they were just now.
    pub(super) async fn keys(
        &self,
        http: &Http,
        url: &str,
        now: Timestamp,
        again: bool,
    ) -> Result<Arc<CoreJsonWebKeySet>, CallError> {
        let age = if again { MIN_INTERVAL } else { MAX_AGE };
        if let Some(cached) = &*self.keys.lock()
            && cached.is_younger(age, now)
        {
            return Ok(Arc::clone(&cached.value));
        }
        let value: Arc<CoreJsonWebKeySet> = Arc::new(http.json(url, None).await?);
        *self.keys.lock() = Some(Cached {
            value: Arc::clone(&value),
            read_at: now,
        });
        Ok(value)
    }
}
