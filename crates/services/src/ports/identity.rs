//! The port to identity providers (OpenID Connect, OAuth 2).

use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::email::Email;
use mainstay_platform::config::Secret;
use std::fmt;

/// The identity providers that the settings name.
pub trait IdentityProviders: Send + Sync {
    /// Each provider, in the order of the settings.
    fn list(&self) -> Vec<ProviderInfo>;

    /// The address of a provider's authorization endpoint, with the parameters that are the same for every request:
    /// client, response type, scopes. The caller adds `redirect_uri`, `state`, `nonce` and the code challenge.
    ///
    /// # Errors
    /// `NOT_FOUND` for a provider that the settings do not name; `UNAVAILABLE` when it cannot be reached.
    fn authorization_url<'a>(&'a self, provider: &'a str) -> BoxFuture<'a, Result<String>>;

    /// Exchanges an authorization response for the identity that signed in there, fully verified: the issuer of the
    /// response (RFC 9207), and the id token with its signature, issuer, audience, expiry and nonce (OpenID Connect
    /// Core 1.0, 3.1.3.7).
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` when any of it does not hold, or the provider refuses the code; `FORBIDDEN` for an account
    /// outside of the hosted domain that the settings require; `UNAVAILABLE` when the provider cannot be reached;
    /// `NOT_FOUND` as above.
    fn identify<'a>(
        &'a self,
        provider: &'a str,
        response: &'a AuthorizationResponse,
    ) -> BoxFuture<'a, Result<ProvidedIdentity>>;
}

/// An identity provider, as clients may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderInfo {
    /// Its name in paths.
    pub name: String,
    /// What people read on the button.
    pub label: String,
}

/// What a provider answered by way of the browser, and what this server remembers of the request. Its `Debug` output
/// hides the secrets.
#[derive(Clone)]
pub struct AuthorizationResponse {
    /// The authorization code (RFC 6749, 4.1.2).
    pub code: Secret<String>,
    /// The issuer that the response names (RFC 9207), if any.
    pub issuer: Option<String>,
    /// The redirect URI of the request.
    pub redirect_uri: String,
    /// The code verifier of the request (RFC 7636).
    pub verifier: Secret<String>,
    /// The nonce of the request.
    pub nonce: Secret<String>,
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationResponse(of {:?})", self.issuer)
    }
}

/// An account at a provider, as the provider has proved it.
#[derive(Debug, Clone)]
pub struct ProvidedIdentity {
    /// The issuer.
    pub issuer: String,
    /// The account's identifier there; unique within the issuer.
    pub subject: String,
    /// Its address, if the provider named one that mail can be sent to.
    pub email: Option<Email>,
    /// Whether the provider has verified that the address belongs to the account.
    pub email_verified: bool,
    /// The person's name, as the provider spells it.
    pub name: Option<String>,
    /// A refresh token, where the settings ask for one.
    pub refresh_token: Option<Secret<String>>,
}
