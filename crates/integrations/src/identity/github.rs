//! GitHub: OAuth 2 without id tokens. The account is that of the access token, by GitHub's API.

use super::client::{CodeExchange, refused};
use super::http::{CallError, Http, unavailable};
use http::StatusCode;
use mainstay_domain::email::Email;
use mainstay_domain::{Error, Result};
use mainstay_platform::config::IdentityProvider;
use mainstay_services::ports::{AuthorizationResponse, ProvidedIdentity};
use openidconnect::OAuth2TokenResponse as _;
use serde::Deserialize;

const AUTHORIZATION: &str = "https://github.com/login/oauth/authorize";
const TOKEN: &str = "https://github.com/login/oauth/access_token";
const API: &str = "https://api.github.com";

/// GitHub, or a GitHub Enterprise server.
pub(super) struct GitHub {
    settings: IdentityProvider,
    http: Http,
}

#[derive(Deserialize)]
pub(super) struct Account {
    /// Never changes and is never given to another account, unlike the login.
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    pub(super) fn new(settings: IdentityProvider, http: Http) -> Self {
        Self { settings, http }
    }

    pub(super) fn authorization_url(&self) -> Result<String> {
        let endpoint = self
            .settings
            .authorization_url
            .as_deref()
            .unwrap_or(AUTHORIZATION);
        let mut url = self.http.check(endpoint).map_err(unavailable)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("scope", "read:user user:email");
        Ok(url.into())
    }

    pub(super) async fn identify(&self, response: &AuthorizationResponse) -> Result<ProvidedIdentity> {
        let exchange = CodeExchange {
            provider: &self.settings.name,
            token_url: self.settings.token_url.as_deref().unwrap_or(TOKEN),
            client: (&self.settings.client_id, self.settings.client_secret.expose()),
            secret_in_body: true,
        };
        let answer = exchange.run(&self.http, response).await?;
        let token = answer.access_token().secret();
        let account: Account = self.api("/user", token).await?;
        let addresses: Vec<Address> = self.api("/user/emails", token).await?;
        let primary = addresses
            .into_iter()
            .find(|address| address.primary && address.verified)
            .and_then(|address| Email::parse(&address.email).ok());
        Ok(ProvidedIdentity {
            issuer: self.settings.issuer.clone(),
            subject: account.id.to_string(),
            email_verified: primary.is_some(),
            email: primary,
            name: account.name.or(Some(account.login)),
            refresh_token: None,
        })
    }

    async fn api<T: serde::de::DeserializeOwned>(&self, path: &str, token: &str) -> Result<T, Error> {
        let base = self
            .settings
            .api_url
            .as_deref()
            .unwrap_or(API)
            .trim_end_matches('/');
        let read = self.http.json(&format!("{base}{path}"), Some(token)).await;
        read.map_err(|error| match error {
            CallError::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) => {
                refused(&self.settings.name, "the access token does not reach the account")
            }
            other => unavailable(other),
        })
    }
}
