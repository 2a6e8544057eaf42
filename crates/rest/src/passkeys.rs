//! Passkeys (WebAuthn): registration, sign-in, and those of the caller.
//!
//! The bodies are the JSON that browsers make of their responses (`PublicKeyCredential.toJSON()`). Members of `response`
//! that Mainstay does not need are ignored: browsers add some with each level of the standard.

use crate::auth::{Transport, sign_in_answer};
use crate::parse::email;
use mainstay_domain::passkey::PasskeyId;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::{Body, OptionalBody, PathId};
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_services::account::{
    AssertionResponse, AttestationResponse, Base64Url, BeginPasskeyRegistration, BeginPasskeySignIn,
    FinishPasskeyRegistration, FinishPasskeySignIn, ListPasskeys, ReadPasskey, RemovePasskey, RenamePasskey,
};
use mainstay_views::{PasskeyOptionsView, PasskeyView, RegisteredPasskeyView, SignInView};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

pub(crate) fn routes() -> Routes {
    Routes::tagged("auth")
        .add(route!(BeginPasskeyRegistration, begin_registration))
        .add(route!(FinishPasskeyRegistration, finish_registration))
        .add(route!(BeginPasskeySignIn, begin_sign_in))
        .add(route!(FinishPasskeySignIn, finish_sign_in))
        .list::<ListPasskeys, PasskeyView>(
            "/api/auth/passkeys",
            "Lists the caller's passkeys, newest first.",
            "Passkeys",
        )
        .add(route!(ReadPasskey, read))
        .add(route!(RenamePasskey, rename))
        .add(route!(RemovePasskey, remove))
}

/// The type of every credential.
#[derive(Deserialize, ToSchema)]
enum CredentialType {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// The shape of the results of extensions, of which none is read.
fn extensions_schema() -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .max_properties(Some(100))
        .build()
}

/// What a browser answers to the registration of a passkey, and what its owner calls it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasskeyRegistration {
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    id: Base64Url,
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    raw_id: Base64Url,
    response: Attestation,
    #[serde(rename = "type")]
    _type: CredentialType,
    #[serde(default, rename = "authenticatorAttachment")]
    #[schema(value_type = Option<String>, max_length = 64)]
    _attachment: IgnoredAny,
    #[serde(default, rename = "clientExtensionResults")]
    #[schema(schema_with = extensions_schema, required = false)]
    _extensions: IgnoredAny,
    /// What the owner calls it; `Passkey` when absent.
    #[schema(min_length = 1, max_length = 100, example = "Phone")]
    name: Option<String>,
}

/// The response of an authenticator that made a passkey.
#[derive(Deserialize, ToSchema)]
#[schema(as = AttestationResponse)]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String, max_length = 8192, example = "e30")]
    client_data: Base64Url,
    #[serde(rename = "attestationObject")]
    #[schema(value_type = String, max_length = 49152, example = "oA")]
    attestation_object: Base64Url,
}

/// What a browser answers to the use of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasskeyResponse {
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    id: Base64Url,
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    raw_id: Base64Url,
    response: Assertion,
    #[serde(rename = "type")]
    _type: CredentialType,
    #[serde(default, rename = "authenticatorAttachment")]
    #[schema(value_type = Option<String>, max_length = 64)]
    _attachment: IgnoredAny,
    #[serde(default, rename = "clientExtensionResults")]
    #[schema(schema_with = extensions_schema, required = false)]
    _extensions: IgnoredAny,
}

/// The same, and how the response carries the tokens.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasskeySignIn {
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    id: Base64Url,
    #[schema(value_type = String, max_length = 2048, example = "AAECAwQFBgcICQoLDA0ODw")]
    raw_id: Base64Url,
    response: Assertion,
    #[serde(rename = "type")]
    _type: CredentialType,
    #[serde(default, rename = "authenticatorAttachment")]
    #[schema(value_type = Option<String>, max_length = 64)]
    _attachment: IgnoredAny,
    #[serde(default, rename = "clientExtensionResults")]
    #[schema(schema_with = extensions_schema, required = false)]
    _extensions: IgnoredAny,
    transport: Option<Transport>,
}

/// The response of an authenticator that used a passkey.
#[derive(Deserialize, ToSchema)]
#[schema(as = AssertionResponse)]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String, max_length = 8192, example = "e30")]
    client_data: Base64Url,
    #[serde(rename = "authenticatorData")]
    #[schema(value_type = String, max_length = 8192, example = "AA")]
    authenticator_data: Base64Url,
    #[schema(value_type = String, max_length = 2048, example = "MAA")]
    signature: Base64Url,
    #[serde(rename = "userHandle")]
    #[schema(value_type = Option<String>, max_length = 128)]
    user_handle: Option<Base64Url>,
}

/// The account to sign in to. Without an address, the authenticator finds the passkey itself.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasskeySignInStart {
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
}

/// Another name for a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasskeyName {
    #[schema(min_length = 1, max_length = 100, example = "Phone")]
    name: String,
}

impl PasskeyResponse {
    /// The response, for a use case; `path` is where it stands in the body.
    pub(crate) fn assertion(self, path: &str) -> Result<AssertionResponse, ApiError> {
        assertion(path, &self.id, self.raw_id, self.response)
    }
}

fn assertion(
    path: &str,
    id: &Base64Url,
    raw_id: Base64Url,
    response: Assertion,
) -> Result<AssertionResponse, ApiError> {
    check_ids(path, id, &raw_id)?;
    Ok(AssertionResponse {
        credential_id: raw_id.0,
        client_data: response.client_data.0,
        authenticator_data: response.authenticator_data.0,
        signature: response.signature.0,
        user_handle: response.user_handle.map(|handle| handle.0),
    })
}

/// The id stands in two members of the JSON, of which only one is read.
fn check_ids(path: &str, id: &Base64Url, raw_id: &Base64Url) -> Result<(), ApiError> {
    if id == raw_id {
        return Ok(());
    }
    let errors = ValidationErrors::one(format!("{path}id"), "FORMAT", "must be equal to rawId");
    Err(mainstay_domain::Error::Invalid(errors).into())
}

/// Begins the registration of a passkey. Needs a step-up, or, where the account has no second factor, a sign-in of the last
/// ten minutes.
#[utoipa::path(post, path = "/api/auth/passkeys/register/start", tag = "auth",
    responses((status = 200, description = "The options for the browser", body = Data<PasskeyOptionsView>), (status = 409)))]
async fn begin_registration(operation: Operation<BeginPasskeyRegistration>) -> Answer {
    let options = operation.command(BeginPasskeyRegistration).await?;
    answer::data(&PasskeyOptionsView::from(options))
}

/// Finishes the registration of a passkey with the browser's response. When it is the account's first second factor, the
/// answer has recovery codes, which are not shown again.
#[utoipa::path(post, path = "/api/auth/passkeys/register/finish", tag = "auth", request_body = PasskeyRegistration,
    responses((status = 201, description = "Registered", body = Data<RegisteredPasskeyView>), (status = 409)))]
async fn finish_registration(
    operation: Operation<FinishPasskeyRegistration>,
    Body(input): Body<PasskeyRegistration>,
) -> Answer {
    check_ids("", &input.id, &input.raw_id)?;
    let finish = FinishPasskeyRegistration {
        name: input.name,
        response: AttestationResponse {
            client_data: input.response.client_data.0,
            attestation_object: input.response.attestation_object.0,
        },
    };
    let registered = operation.command(finish).await?;
    let location = format!("/api/auth/passkeys/{}", registered.passkey.id);
    answer::created(&location, &RegisteredPasskeyView::from(registered))
}

/// Begins a sign-in by a passkey: one of the account of an address, or, without an address, one that the authenticator
/// finds itself. The answer does not reveal whether the address has an account.
#[utoipa::path(post, path = "/api/auth/passkeys/login/start", tag = "auth", request_body = Option<PasskeySignInStart>,
    responses((status = 200, description = "The options for the browser", body = Data<PasskeyOptionsView>), (status = 409)))]
async fn begin_sign_in(
    operation: Operation<BeginPasskeySignIn>,
    OptionalBody(input): OptionalBody<PasskeySignInStart>,
) -> Answer {
    let email = input.email.as_deref().map(email).transpose()?;
    let options = operation.command(BeginPasskeySignIn { email }).await?;
    answer::data(&PasskeyOptionsView::from(options))
}

/// Signs in with the browser's response. A passkey counts as both factors.
#[utoipa::path(post, path = "/api/auth/passkeys/login/finish", tag = "auth", request_body = PasskeySignIn,
    responses((status = 200, description = "Signed in, or the account is to be deleted and can be restored", body = Data<SignInView>), (status = 401), (status = 409)))]
async fn finish_sign_in(
    operation: Operation<FinishPasskeySignIn>,
    Body(input): Body<PasskeySignIn>,
) -> Answer {
    let route_state = operation.route_state().clone();
    let response = assertion("", &input.id, input.raw_id, input.response)?;
    let answer = operation.command(FinishPasskeySignIn { response }).await?;
    sign_in_answer(&route_state, answer, input.transport)
}

/// Reads a passkey of the caller.
#[utoipa::path(get, path = "/api/auth/passkeys/{id}", tag = "auth", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The passkey", body = Data<PasskeyView>)))]
async fn read(operation: Operation<ReadPasskey>, PathId(id): PathId<PasskeyId>) -> Answer {
    let passkey = operation.query(ReadPasskey { id }).await?;
    answer::data(&PasskeyView::from(passkey))
}

/// Renames a passkey of the caller.
#[utoipa::path(patch, path = "/api/auth/passkeys/{id}", tag = "auth", params(("id" = String, Path, format = Uuid)),
    request_body = PasskeyName, responses((status = 200, description = "Renamed", body = Data<PasskeyView>)))]
async fn rename(
    operation: Operation<RenamePasskey>,
    PathId(id): PathId<PasskeyId>,
    Body(input): Body<PasskeyName>,
) -> Answer {
    let name = input.name;
    let passkey = operation.command(RenamePasskey { id, name }).await?;
    answer::data(&PasskeyView::from(passkey))
}

/// Removes a passkey of the caller; needs a step-up. The last way in cannot be removed.
#[utoipa::path(delete, path = "/api/auth/passkeys/{id}", tag = "auth", params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Removed"), (status = 409)))]
async fn remove(operation: Operation<RemovePasskey>, PathId(id): PathId<PasskeyId>) -> Answer {
    operation.command(RemovePasskey { id }).await?;
    Ok(answer::nothing())
}
