//! Addresses of accounts: confirmed, changed.

use crate::parse::email;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{ChangeEmail, Password, ResendVerification, VerifyEmail};
use mainstay_views::ConfirmedEmailView;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(VerifyEmail, verify))
        .add(route!(ResendVerification, resend))
        .add(route!(ChangeEmail, change))
}

/// The token of the link in a mail, and, where the client is not signed in to the account, its password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Confirmation {
    #[schema(max_length = 100)]
    token: String,
    /// Proves that the account is the client's own. Without it and without a session of the account, a password that
    /// was chosen before is removed.
    #[schema(format = Password, max_length = 256)]
    password: Option<String>,
}

/// A new address, and the caller's password, unless the session was stepped up.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EmailChange {
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, max_length = 256)]
    password: Option<String>,
}

/// Confirms the address of an account, or its new address, with the token of the link in a mail.
#[utoipa::path(post, path = "/api/auth/email/verify", tag = "auth", request_body = Confirmation,
    responses((status = 200, description = "The address is confirmed", body = Data<ConfirmedEmailView>),
        (status = 401), (status = 403), (status = 409, description = "The new address was taken meanwhile")))]
async fn verify(operation: Operation<VerifyEmail>, Body(input): Body<Confirmation>) -> Answer {
    let password = input.password.map(Password::new);
    let command = VerifyEmail::new(Secret::new(input.token), password);
    let data = ConfirmedEmailView::from(operation.command(command).await?);
    answer::data(&data)
}

/// Mails the link that confirms the caller's address once more.
#[utoipa::path(post, path = "/api/auth/email/resend", tag = "auth",
    responses((status = 202, description = "A mail is on its way"), (status = 409, description = "The address is confirmed already")))]
async fn resend(operation: Operation<ResendVerification>) -> Answer {
    operation.command(ResendVerification).await?;
    Ok(answer::accepted())
}

/// Requests another address for the caller's account. It takes effect when the link that is mailed there is followed.
#[utoipa::path(post, path = "/api/auth/email/change", tag = "auth", request_body = EmailChange,
    responses((status = 202, description = "Mails to both addresses are on their way"), (status = 403)))]
async fn change(operation: Operation<ChangeEmail>, Body(input): Body<EmailChange>) -> Answer {
    let password = input.password.map(Password::new);
    let command = ChangeEmail::new(email(&input.email)?, password);
    operation.command(command).await?;
    Ok(answer::accepted())
}
