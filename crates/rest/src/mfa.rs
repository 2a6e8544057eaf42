//! Second factors, and proving again who one is.

use crate::auth::{Transport, sign_in_answer};
use crate::passkeys::PasskeyResponse;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{
    BeginPasskeyFactor, BeginPasskeyStepUp, DisableTotp, EnableTotp, FactorCode, FactorProof, Password,
    RenewRecoveryCodes, RequestStepUpCode, SetUpTotp, StepUp, VerifyFactor,
};
use mainstay_views::{PasskeyOptionsView, RecoveryCodesView, SignInView, TotpSetupView};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(VerifyFactor, verify))
        .add(route!(BeginPasskeyFactor, begin_passkey))
        .add(route!(SetUpTotp, set_up_totp))
        .add(route!(EnableTotp, enable_totp))
        .add(route!(DisableTotp, disable_totp))
        .add(route!(RenewRecoveryCodes, renew_recovery_codes))
        .add(route!(StepUp, step_up))
        .add(route!(BeginPasskeyStepUp, begin_passkey_step_up))
        .add(route!(RequestStepUpCode, request_step_up_code))
}

/// The longest text that is read as a code.
const MAX_CODE: usize = 64;

/// The token of a first factor, and what proves a second one: a code or a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verification {
    #[schema(max_length = 100)]
    mfa_token: String,
    /// The six digits that the authenticator app shows, or a recovery code.
    #[schema(min_length = 1, max_length = 64)]
    code: Option<String>,
    /// The browser's response to the options of `POST /api/auth/mfa/passkey`.
    passkey: Option<PasskeyResponse>,
    transport: Option<Transport>,
}

/// The token of a first factor.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstFactor {
    #[schema(max_length = 100)]
    mfa_token: String,
}

/// A code of the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AppCode {
    /// The six digits that the app shows.
    #[schema(min_length = 1, max_length = 64)]
    code: String,
}

/// What proves again who the caller is: one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Proof {
    /// The password of the account, which must have no second factor.
    #[schema(format = Password, max_length = 256)]
    password: Option<String>,
    /// The six digits that the authenticator app shows, or a recovery code; or the code of `POST
    /// /api/auth/step-up/email-code`.
    #[schema(min_length = 1, max_length = 64)]
    code: Option<String>,
    /// The browser's response to the options of `POST /api/auth/step-up/passkey`.
    passkey: Option<PasskeyResponse>,
}

/// Finishes a sign-in with a second factor. The token is the one of the answer to the first factor: it is valid for five
/// minutes, outlives wrong codes, whose number is limited, and works once.
#[utoipa::path(post, path = "/api/auth/mfa/verify", tag = "auth", request_body = Verification,
    responses((status = 200, description = "Signed in, or the account is to be deleted and can be restored", body = Data<SignInView>), (status = 401)))]
async fn verify(operation: Operation<VerifyFactor>, Body(input): Body<Verification>) -> Answer {
    let route_state = operation.route_state().clone();
    let proof = match (input.code, input.passkey) {
        (Some(text), None) => FactorProof::Code(code(&text)?),
        (None, Some(response)) => FactorProof::Passkey(response.assertion("passkey.")?),
        (Some(_), Some(_)) => return Err(invalid("CONFLICT", "cannot be given together with passkey")),
        (None, None) => return Err(invalid("REQUIRED", "give a code or the response of a passkey")),
    };
    let answer = operation
        .command(VerifyFactor::new(Secret::new(input.mfa_token), proof))
        .await?;
    sign_in_answer(&route_state, answer, input.transport)
}

/// Begins the use of a passkey as the second factor of a sign-in.
#[utoipa::path(post, path = "/api/auth/mfa/passkey", tag = "auth", request_body = FirstFactor,
    responses((status = 200, description = "The options for the browser", body = Data<PasskeyOptionsView>), (status = 401), (status = 409)))]
async fn begin_passkey(operation: Operation<BeginPasskeyFactor>, Body(input): Body<FirstFactor>) -> Answer {
    let token = Secret::new(input.mfa_token);
    let options = operation.command(BeginPasskeyFactor { token }).await?;
    answer::data(&PasskeyOptionsView::from(options))
}

/// Begins a step-up by a passkey.
#[utoipa::path(post, path = "/api/auth/step-up/passkey", tag = "auth",
    responses((status = 200, description = "The options for the browser", body = Data<PasskeyOptionsView>), (status = 409)))]
async fn begin_passkey_step_up(operation: Operation<BeginPasskeyStepUp>) -> Answer {
    let options = operation.command(BeginPasskeyStepUp).await?;
    answer::data(&PasskeyOptionsView::from(options))
}

/// Sends a code by mail, for an account that has neither a password nor a second factor to prove itself with. It works in
/// this session only: one use, 5 tries, 10 minutes.
#[utoipa::path(post, path = "/api/auth/step-up/email-code", tag = "auth",
    responses((status = 202, description = "Sent to the address of the account"), (status = 409)))]
async fn request_step_up_code(operation: Operation<RequestStepUpCode>) -> Answer {
    operation.command(RequestStepUpCode).await?;
    Ok(answer::accepted())
}

/// Makes a secret for an authenticator app. It counts when a code has confirmed it; until then, each call makes another.
#[utoipa::path(post, path = "/api/auth/mfa/totp/setup", tag = "auth",
    responses((status = 200, description = "What the app needs", body = Data<TotpSetupView>), (status = 409)))]
async fn set_up_totp(operation: Operation<SetUpTotp>) -> Answer {
    let setup = operation.command(SetUpTotp).await?;
    answer::data(&TotpSetupView::of(setup)?)
}

/// Confirms the authenticator app with a code: from then on, sign-in asks for a second factor. Answers ten recovery codes,
/// which are not shown again.
#[utoipa::path(post, path = "/api/auth/mfa/totp/enable", tag = "auth", request_body = AppCode,
    responses((status = 200, description = "The recovery codes", body = Data<RecoveryCodesView>), (status = 409)))]
async fn enable_totp(operation: Operation<EnableTotp>, Body(input): Body<AppCode>) -> Answer {
    let code = code(&input.code)?;
    let codes = operation.command(EnableTotp::new(code)).await?;
    answer::data(&RecoveryCodesView::from(codes))
}

/// Removes the authenticator app; needs a step-up. Without another factor, the recovery codes go with it.
#[utoipa::path(post, path = "/api/auth/mfa/totp/disable", tag = "auth",
    responses((status = 204, description = "Disabled"), (status = 409)))]
async fn disable_totp(operation: Operation<DisableTotp>) -> Answer {
    operation.command(DisableTotp).await?;
    Ok(answer::nothing())
}

/// Replaces the recovery codes; needs a step-up. The earlier ones stop working.
#[utoipa::path(post, path = "/api/auth/mfa/recovery-codes", tag = "auth",
    responses((status = 200, description = "The new codes", body = Data<RecoveryCodesView>), (status = 409)))]
async fn renew_recovery_codes(operation: Operation<RenewRecoveryCodes>) -> Answer {
    let codes = operation.command(RenewRecoveryCodes).await?;
    answer::data(&RecoveryCodesView::from(codes))
}

/// Proves again who the caller is. For ten minutes, this session may then do what needs it: other requests answer
/// `STEP_UP_REQUIRED`.
#[utoipa::path(post, path = "/api/auth/step-up", tag = "auth", request_body = Proof,
    responses((status = 204, description = "In force for ten minutes"), (status = 409)))]
async fn step_up(operation: Operation<StepUp>, Body(input): Body<Proof>) -> Answer {
    let proof = match (input.password, input.code, input.passkey) {
        (Some(password), None, None) => StepUp::Password(Password::new(password)),
        (None, Some(text), None) => StepUp::Code(code(&text)?),
        (None, None, Some(response)) => StepUp::Passkey(response.assertion("passkey.")?),
        (None, None, None) => {
            return Err(invalid(
                "REQUIRED",
                "give the password, a code or the response of a passkey",
            ));
        }
        _ => return Err(invalid("CONFLICT", "give one of password, code and passkey")),
    };
    operation.command(proof).await?;
    Ok(answer::nothing())
}

/// Reads a code; `None` for a text that has the form of none, which is a wrong code and no invalid request.
fn code(text: &str) -> Result<Option<FactorCode>, ApiError> {
    match text.len() {
        0 => Err(invalid("REQUIRED", "must not be empty")),
        1..=MAX_CODE => Ok(FactorCode::parse(text)),
        _ => Err(invalid("LENGTH", "is longer than any code")),
    }
}

fn invalid(code: &'static str, message: &str) -> ApiError {
    mainstay_domain::Error::Invalid(ValidationErrors::one("code", code, message)).into()
}
