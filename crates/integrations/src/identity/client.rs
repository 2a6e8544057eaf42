//! The types of `openidconnect` with the one claim that is not in the standard, and the exchange of a code.

use super::http::{CallError, Http, unavailable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use mainstay_domain::Error;
use mainstay_domain::error::Unauthenticated;
use mainstay_services::ports::AuthorizationResponse;
use openidconnect::core::{
    CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, EmptyExtraTokenFields, IdToken, IdTokenClaims, IdTokenFields, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tracing::warn;
use url::form_urlencoded::{Serializer, byte_serialize};

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

/// An error of the token endpoint (RFC 6749, 5.2).
#[derive(Deserialize)]
struct TokenError {
    error: String,
}

/// Where a code is exchanged, and by which client.
pub(super) struct CodeExchange<'e> {
    pub(super) provider: &'e str,
    pub(super) token_url: &'e str,
    /// Identifier and secret.
    pub(super) client: (&'e str, &'e str),
    /// Whether the secret goes into the body, for providers that do not take it as `Basic` credentials.
    pub(super) secret_in_body: bool,
}

impl CodeExchange<'_> {
    /// Exchanges the code of an authorization response for tokens (RFC 6749, 4.1.3; RFC 7636, 4.5), which are not
    /// verified yet.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` when the provider refuses the code; `UNAVAILABLE` when it cannot be reached, or its answer
    /// cannot be read.
    pub(super) async fn run(
        &self,
        http: &Http,
        response: &AuthorizationResponse,
    ) -> Result<TokenAnswer, Error> {
        let (form, basic) = self.form(response);
        let sent = http.form(self.token_url, form, basic).await;
        let (status, body) = sent.map_err(unavailable)?;
        self.read(status, &body)
    }

    /// The body of the request, and the client's credentials where they do not stand in it.
    fn form(&self, response: &AuthorizationResponse) -> (String, Option<String>) {
        let (id, secret) = self.client;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", response.code.expose())
            .append_pair("redirect_uri", &response.redirect_uri)
            .append_pair("code_verifier", response.verifier.expose());
        if self.secret_in_body {
            form.append_pair("client_id", id)
                .append_pair("client_secret", secret);
            return (form.finish(), None);
        }
        (form.finish(), Some(basic(id, secret)))
    }

    pub(super) fn read(&self, status: StatusCode, body: &[u8]) -> Result<TokenAnswer, Error> {
        if status.is_server_error() {
            return Err(unavailable(CallError::Status(status)));
        }
        // GitHub reports errors with the status 200.
        if let Ok(TokenError { error }) = serde_json::from_slice(body) {
            return Err(refused(self.provider, &error));
        }
        if status != StatusCode::OK {
            return Err(unavailable(CallError::Status(status)));
        }
        serde_json::from_slice(body).map_err(|error| unavailable(CallError::Json(error)))
    }
}

/// The credentials of a client (RFC 6749, 2.3.1): both parts form-encoded before they are joined.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encoded(id), encoded(secret));
    format!("Basic {}", STANDARD.encode(joined))
}

/// The provider's answer is refused. Why stands in the log only: the client may be an attacker who is trying.
pub(super) fn refused(provider: &str, why: &str) -> Error {
    let why: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
    warn!(provider, why, "the answer of an identity provider was refused");
    Error::Unauthenticated(Unauthenticated::Credentials)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::error::Code;

    #[test]
    fn errors_of_the_token_endpoint_have_codes_of_their_own() {
        let exchange = CodeExchange {
            provider: "p",
            token_url: "https://idp.example/token",
            client: ("id", "secret"),
            secret_in_body: false,
        };
        for (status, body, code) in [
            (400, r#"{"error":"invalid_grant"}"#, Code::InvalidCredentials),
            (
                200,
                r#"{"error":"bad_verification_code"}"#,
                Code::InvalidCredentials,
            ),
            (200, "<html>", Code::Unavailable),
            (302, "", Code::Unavailable),
            (404, "nothing", Code::Unavailable),
            (503, r#"{"error":"x"}"#, Code::Unavailable),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = exchange.read(status, body.as_bytes()).err().unwrap();
            assert_eq!(error.code(), code, "{status} {body}");
        }
        let good = r#"{"access_token":"a","token_type":"bearer"}"#;
        assert!(exchange.read(StatusCode::OK, good.as_bytes()).is_ok());
    }

    #[test]
    fn credentials_are_encoded_before_they_are_joined() {
        let text = STANDARD.decode(&basic("a:b", "c d+%")["Basic ".len()..]).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "a%3Ab:c+d%2B%25");
    }
}
