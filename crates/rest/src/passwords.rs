//! Passwords: forgotten, reset, changed.

use crate::parse::email;
use mainstay_domain::password;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer;
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{ChangePassword, ForgotPassword, Password, ResetPassword};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(ForgotPassword, forgot))
        .add(route!(ResetPassword, reset))
        .add(route!(ChangePassword, change))
}

/// The address of an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ForgottenPassword {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

/// The token of the link in a mail, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordReset {
    #[schema(max_length = 100)]
    token: String,
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
}

/// The caller's password, and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordChange {
    #[schema(format = Password, max_length = 256)]
    current_password: String,
    #[schema(format = Password, min_length = 8, max_length = 256)]
    new_password: String,
}

/// Mails a link that sets a new password, if the address has an account; the answer is the same if it has none.
#[utoipa::path(post, path = "/api/auth/password/forgot", tag = "auth", request_body = ForgottenPassword,
    responses((status = 202, description = "If the address has an account, a mail is on its way")))]
async fn forgot(operation: Operation<ForgotPassword>, Body(input): Body<ForgottenPassword>) -> Answer {
    operation
        .command(ForgotPassword::new(email(&input.email)?))
        .await?;
    Ok(answer::accepted())
}

/// Sets a new password with the token of the link in a mail, once, and ends all sessions of the account.
#[utoipa::path(post, path = "/api/auth/password/reset", tag = "auth", request_body = PasswordReset,
    responses((status = 204, description = "The password is set"), (status = 401), (status = 403)))]
async fn reset(operation: Operation<ResetPassword>, Body(input): Body<PasswordReset>) -> Answer {
    check_new("password", &input.password)?;
    let command = ResetPassword::new(Secret::new(input.token), Password::new(input.password));
    operation.command(command).await?;
    Ok(answer::nothing())
}

/// Changes the caller's password, and ends the other sessions.
#[utoipa::path(post, path = "/api/auth/password/change", tag = "auth", request_body = PasswordChange,
    responses((status = 204, description = "The password is changed"), (status = 409, description = "The account has no password")))]
async fn change(operation: Operation<ChangePassword>, Body(input): Body<PasswordChange>) -> Answer {
    check_new("newPassword", &input.new_password)?;
    let (current, new) = (
        Password::new(input.current_password),
        Password::new(input.new_password),
    );
    operation.command(ChangePassword::new(current, new)).await?;
    Ok(answer::nothing())
}

/// Checks what does not depend on the account. The use case checks the password again, with the account's own words.
fn check_new(path: &str, text: &str) -> Result<(), ApiError> {
    let mut errors = ValidationErrors::new();
    let good = errors.take(path, password::check_new(text, &[]));
    ApiError::unless_good(errors, good)
}
