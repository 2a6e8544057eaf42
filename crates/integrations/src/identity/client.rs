//! The types of `openidconnect` with the one claim that is not in the standard, and the exchange of a code.

use super::http::{CallError, Http, unavailable};
use mainstay_domain::Error;
use mainstay_domain::error::Unauthenticated;
use mainstay_services::ports::AuthorizationResponse;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest,
    IdToken, IdTokenClaims, IdTokenFields, IssuerUrl, JsonWebKeySet, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    StandardErrorResponse, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use tracing::warn;

/// What Google adds to the standard's claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HostedDomain {
    /// The Workspace domain of the account.
    pub(super) hd: Option<String>,
}

impl AdditionalClaims for HostedDomain {}

pub(super) type ProviderIdToken =
    IdToken<HostedDomain, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type Claims = IdTokenClaims<HostedDomain, CoreGenderClaim>;
type TokenFields = IdTokenFields<
    HostedDomain,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
pub(super) type TokenAnswer = StandardTokenResponse<TokenFields, CoreTokenType>;
type ProviderClient = Client<
    HostedDomain,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
>;

/// Where a code is exchanged, and by whom.
pub(super) struct Exchange<'e> {
    pub(super) provider: &'e str,
    pub(super) issuer: &'e str,
    pub(super) token_url: &'e str,
    pub(super) client: (&'e str, &'e str),
    /// Whether the secret goes into the body, for providers that do not take it as `Basic` credentials.
    pub(super) secret_in_body: bool,
}

impl Exchange<'_> {
    /// Exchanges the code of an authorization response for tokens, which are not verified yet.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` when the provider refuses the code; `UNAVAILABLE` when it cannot be reached, or its answer
    /// cannot be read.
    pub(super) async fn run(&self, http: &Http, response: &AuthorizationResponse) -> Result<TokenAnswer, Error> {
        let (id, secret) = self.client;
        let issuer = IssuerUrl::new(self.issuer.to_owned()).map_err(Error::internal)?;
        let token_url = TokenUrl::new(self.token_url.to_owned()).map_err(Error::internal)?;
        let redirect = RedirectUrl::new(response.redirect_uri.clone()).map_err(Error::internal)?;
        let auth_type = if self.secret_in_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        let client: ProviderClient =
            Client::new(ClientId::new(id.to_owned()), issuer, JsonWebKeySet::default());
        let client = client
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_auth_type(auth_type)
            .set_redirect_uri(redirect)
            .set_token_uri(token_url);
        let send = |request: HttpRequest| http.call(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(response.code.expose().clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(response.verifier.expose().clone()))
            .request_async(&send)
            .await;
        answer.map_err(|error| self.failed(error))
    }

    fn failed(
        &self,
        error: RequestTokenError<CallError, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> Error {
        match error {
            RequestTokenError::ServerResponse(answer) => refused(self.provider, answer.error().as_ref()),
            RequestTokenError::Request(cause) => unavailable(cause),
            // GitHub reports errors with the status 200.
            RequestTokenError::Parse(_, body) if is_error(&body) => refused(self.provider, "the code is refused"),
            RequestTokenError::Parse(cause, _) => unavailable(CallError::Json(cause.into_inner())),
            RequestTokenError::Other(_) => unavailable(CallError::Document("the token endpoint's answer is empty")),
        }
    }
}

fn is_error(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body.get("error").is_some())
}

/// The provider's answer is refused. Why stands in the log only: the client may be an attacker who is trying.
pub(super) fn refused(provider: &str, why: &str) -> Error {
    warn!(provider, why, "the answer of an identity provider was refused");
    Error::Unauthenticated(Unauthenticated::Credentials)
}
