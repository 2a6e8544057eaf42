//! A provider that speaks OpenID Connect.

use super::client::{Claims, CodeExchange, ProviderIdToken, refused};
use super::http::{CallError, Http, unavailable};
use super::id_token::{ExpectedClaims, Refused};
use super::metadata::{Metadata, Published};
use mainstay_domain::email::Email;
use mainstay_domain::error::Denied;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_domain::{Error, Result};
use mainstay_platform::config::{IdentityProvider, Secret};
use mainstay_services::ports::{AuthorizationResponse, ProvidedIdentity};
use openidconnect::{IssuerUrl, OAuth2TokenResponse as _, TokenResponse as _};
use serde::Deserialize;
use std::sync::Arc;

/// The longest subject, in bytes (OpenID Connect Core 1.0, 2).
const MAX_SUBJECT: usize = 255;

/// A provider that speaks OpenID Connect.
pub(super) struct OpenIdConnect {
    settings: IdentityProvider,
    http: Http,
    clock: Arc<dyn Clock>,
    published: Published,
}

/// The claims of the userinfo endpoint (OpenID Connect Core 1.0, 5.3.2) that matter here.
#[derive(Deserialize)]
pub(super) struct UserInfo {
    sub: String,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    name: Option<String>,
}

impl OpenIdConnect {
    pub(super) fn new(settings: IdentityProvider, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            http,
            clock,
            published: Published::default(),
        }
    }

    async fn metadata(&self) -> Result<Arc<Metadata>> {
        let read = self
            .published
            .metadata(&self.http, &self.settings, self.clock.now());
        read.await.map_err(unavailable)
    }

    pub(super) async fn authorization_url(&self) -> Result<String> {
        let metadata = self.metadata().await?;
        let endpoint = &metadata.authorization_endpoint;
        let mut url = self.http.check(endpoint).map_err(unavailable)?;
        let is_google = self.settings.name == "google";
        let mut pairs = url.query_pairs_mut();
        pairs
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id);
        match (self.settings.offline_access, is_google) {
            (false, _) => pairs.append_pair("scope", "openid email profile"),
            // Google has a parameter in place of the scope of OpenID Connect Core 1.0, 11.
            (true, true) => pairs
                .append_pair("scope", "openid email profile")
                .append_pair("access_type", "offline")
                .append_pair("prompt", "consent"),
            (true, false) => pairs
                .append_pair("scope", "openid email profile offline_access")
                .append_pair("prompt", "consent"),
        };
        if let Some(domain) = &self.settings.hosted_domain {
            pairs.append_pair("hd", domain);
        }
        drop(pairs);
        Ok(url.into())
    }

    pub(super) async fn identify(&self, response: &AuthorizationResponse) -> Result<ProvidedIdentity> {
        let metadata = self.metadata().await?;
        self.check_issuer(&metadata, response.issuer.as_deref())?;
        let exchange = CodeExchange {
            provider: &self.settings.name,
            token_url: &metadata.token_endpoint,
            client: (&self.settings.client_id, self.settings.client_secret.expose()),
            secret_in_body: metadata.secret_in_body(),
        };
        let answer = exchange.run(&self.http, response).await?;
        let token = answer
            .id_token()
            .ok_or_else(|| self.refused("there is no id token"))?;
        let expected = ExpectedClaims {
            issuer: &IssuerUrl::new(self.settings.issuer.clone()).map_err(Error::internal)?,
            client_id: &self.settings.client_id,
            nonce: response.nonce.expose(),
            access_token: answer.access_token(),
            now: self.clock.now(),
        };
        let claims = self.verified(&metadata, token, &expected).await?;
        self.check_domain(claims)?;
        let mut identity = self.identity(claims)?;
        identity.refresh_token = answer
            .refresh_token()
            .filter(|_| self.settings.offline_access)
            .map(|token| Secret::new(token.secret().clone()));
        if identity.email.is_none() {
            let token = answer.access_token().secret();
            self.add_user_info(&metadata, token, &mut identity).await?;
        }
        Ok(identity)
    }

    /// The response names the issuer that the request went to (RFC 9207, 2.4).
    fn check_issuer(&self, metadata: &Metadata, named: Option<&str>) -> Result<()> {
        match named {
            Some(named) if named != self.settings.issuer => {
                Err(self.refused("the response is of another issuer"))
            }
            None if metadata.authorization_response_iss_parameter_supported => {
                Err(self.refused("the response names no issuer"))
            }
            _ => Ok(()),
        }
    }

    /// Verifies the id token, with the keys read again where none of the known ones has signed it.
    async fn verified<'t>(
        &self,
        metadata: &Metadata,
        token: &'t ProviderIdToken,
        expected: &ExpectedClaims<'_>,
    ) -> Result<&'t Claims> {
        let now: Timestamp = expected.now;
        for again in [false, true] {
            let keys = self.published.keys(&self.http, &metadata.jwks_uri, now, again);
            let keys = keys.await.map_err(unavailable)?;
            match expected.verify(token, &keys) {
                Ok(claims) => return Ok(claims),
                Err(Refused::Key) if !again => {}
                Err(Refused::Key) => break,
                Err(Refused::Other(why)) => return Err(self.refused(&why)),
            }
        }
        Err(self.refused("the id token is signed by none of the provider's keys"))
    }

    fn check_domain(&self, claims: &Claims) -> Result<()> {
        let Some(required) = &self.settings.hosted_domain else {
            return Ok(());
        };
        let domain = claims.additional_claims().hd.as_deref();
        if domain.is_some_and(|domain| domain.eq_ignore_ascii_case(required)) {
            Ok(())
        } else {
            Err(Error::Denied(Denied::Role))
        }
    }

    fn identity(&self, claims: &Claims) -> Result<ProvidedIdentity> {
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.contains('\0') {
            return Err(self.refused("the subject is not 1 to 255 characters"));
        }
        let name = claims.name().and_then(|name| name.get(None));
        Ok(ProvidedIdentity {
            issuer: self.settings.issuer.clone(),
            subject: subject.to_owned(),
            email: claims.email().and_then(|email| Email::parse(email).ok()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: name.map(|name| name.as_str().to_owned()),
            refresh_token: None,
        })
    }

    /// Adds address and name from the userinfo endpoint, where providers keep them that put none into the id token. Its
    /// subject must be that of the id token (OpenID Connect Core 1.0, 5.3.2).
    async fn add_user_info(
        &self,
        metadata: &Metadata,
        token: &str,
        identity: &mut ProvidedIdentity,
    ) -> Result<()> {
        let Some(endpoint) = &metadata.userinfo_endpoint else {
            return Ok(());
        };
        let info: UserInfo = match self.http.json(endpoint, Some(token)).await {
            Ok(info) => info,
            // The access token does not reach it: there is no address, which is for the caller to judge.
            Err(CallError::Status(status)) if status.is_client_error() => return Ok(()),
            Err(error) => return Err(unavailable(error)),
        };
        if info.sub != identity.subject {
            return Err(self.refused("the userinfo is of another subject"));
        }
        identity.email = info.email.and_then(|email| Email::parse(&email).ok());
        identity.email_verified = info.email_verified;
        identity.name = info.name.or(identity.name.take());
        Ok(())
    }

    fn refused(&self, why: &str) -> Error {
        refused(&self.settings.name, why)
    }
}
