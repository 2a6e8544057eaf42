//! The providers of the settings, by name.

use super::github::GitHub;
use super::http::{Http, IdentityProviderError};
use super::oidc::OpenIdConnect;
use futures_util::future::BoxFuture;
use mainstay_domain::time::Clock;
use mainstay_domain::{Error, Result};
use mainstay_platform::config::{ProviderProtocol, Settings};
use mainstay_services::ports::{AuthorizationResponse, IdentityProviders, ProvidedIdentity, ProviderInfo};
use std::sync::Arc;

/// The providers of the settings.
pub struct Providers(Vec<Named>);

struct Named {
    info: ProviderInfo,
    provider: Provider,
}

enum Provider {
    OpenIdConnect(Box<OpenIdConnect>),
    GitHub(Box<GitHub>),
}

impl Providers {
    /// The providers that the settings name.
    ///
    /// # Errors
    /// The HTTP client cannot be created.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, IdentityProviderError> {
        let http = Http::new(settings)?;
        let named = settings.identity_providers.list.iter().map(|one| Named {
            info: ProviderInfo {
                name: one.name.clone(),
                label: one.label.clone(),
            },
            provider: match one.protocol {
                ProviderProtocol::GitHub => {
                    Provider::GitHub(Box::new(GitHub::new(one.clone(), http.clone())))
                }
                ProviderProtocol::OpenIdConnect => {
                    let provider = OpenIdConnect::new(one.clone(), http.clone(), Arc::clone(&clock));
                    Provider::OpenIdConnect(Box::new(provider))
                }
            },
        });
        Ok(Self(named.collect()))
    }

    fn find(&self, name: &str) -> Result<&Provider> {
        let found = self.0.iter().find(|named| named.info.name == name);
        found.map(|named| &named.provider).ok_or(Error::NotFound)
    }
}

impl IdentityProviders for Providers {
    fn list(&self) -> Vec<ProviderInfo> {
        self.0.iter().map(|named| named.info.clone()).collect()
    }

    fn authorization_url<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            match self.find(provider)? {
                Provider::OpenIdConnect(provider) => provider.authorization_url().await,
                Provider::GitHub(provider) => provider.authorization_url(),
            }
        })
    }

    fn identify<'a>(
        &'a self,
        provider: &'a str,
        response: &'a AuthorizationResponse,
    ) -> BoxFuture<'a, Result<ProvidedIdentity>> {
        Box::pin(async move {
            match self.find(provider)? {
                Provider::OpenIdConnect(provider) => provider.identify(response).await,
                Provider::GitHub(provider) => provider.identify(response).await,
            }
        })
    }
}
