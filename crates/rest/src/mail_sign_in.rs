//! Signing in by a link or a code that is sent by mail.

use super::auth::{Transport, sign_in_answer};
use mainstay_domain::email::Email;
use mainstay_domain::email_code::EmailCode;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::cookies::{self, LinkBrowser};
use mainstay_edge::input::Body;
use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{RequestEmailCode, RequestMagicLink, VerifyEmailCode, VerifyMagicLink};
use mainstay_views::SignInView;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(RequestMagicLink, magic_link))
        .add(route!(VerifyMagicLink, verify_magic_link))
        .add(route!(RequestEmailCode, email_code))
        .add(route!(VerifyEmailCode, verify_email_code))
}

/// The address that the mail is sent to.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MailSignIn {
    #[schema(format = Email, max_length = 254)]
    email: String,
}

/// The token of a link, which follows the `#` of its address.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MagicLinkToken {
    #[schema(max_length = 100)]
    token: String,
    /// True once the user has confirmed, in another browser than the one that asked, that they asked for the link.
    #[serde(default)]
    confirm: bool,
    transport: Option<Transport>,
}

/// An address and the code that was sent to it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddressAndCode {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// Six digits.
    #[schema(min_length = 6, max_length = 12, example = "493027")]
    code: String,
    transport: Option<Transport>,
}

fn address(text: &str) -> Result<Email, ApiError> {
    let mut errors = ValidationErrors::new();
    let email = errors.take("email", Email::parse(text));
    ApiError::unless_good(errors, email)
}

/// Sends a link to sign in with, if the address has an account: one use, 15 minutes. A cookie binds it to this browser.
#[utoipa::path(post, path = "/api/auth/magic-link", tag = "auth", request_body = MailSignIn,
    responses((status = 202, description = "Accepted, whether or not the address has an account")))]
async fn magic_link(
    operation: Operation<RequestMagicLink>,
    LinkBrowser(browser): LinkBrowser,
    Body(input): Body<MailSignIn>,
) -> Answer {
    let secure = operation.route_state().options().secure_cookies;
    let email = address(&input.email)?;
    let bound = operation.command(RequestMagicLink::new(email, browser)).await?;
    let mut response = answer::accepted();
    cookies::set_link_browser(response.headers_mut(), &bound.secret, bound.until, secure);
    Ok(response)
}

/// Signs in with the token of a link. In another browser than the one that asked the answer is 409 `INVALID_STATE` until
/// the user confirms; the token stays valid.
#[utoipa::path(post, path = "/api/auth/magic-link/verify", tag = "auth", request_body = MagicLinkToken,
    responses((status = 200, description = "Signed in, or a second factor is required", body = Data<SignInView>), (status = 401), (status = 409)))]
async fn verify_magic_link(
    operation: Operation<VerifyMagicLink>,
    LinkBrowser(browser): LinkBrowser,
    Body(input): Body<MagicLinkToken>,
) -> Answer {
    let route_state = operation.route_state().clone();
    let verify = VerifyMagicLink::new(Secret::new(input.token), browser, input.confirm);
    let answer = operation.command(verify).await?;
    sign_in_answer(&route_state, answer, input.transport)
}

/// Sends a code to sign in with, if the address has an account: one use, 5 tries, 10 minutes.
#[utoipa::path(post, path = "/api/auth/email-code", tag = "auth", request_body = MailSignIn,
    responses((status = 202, description = "Accepted, whether or not the address has an account")))]
async fn email_code(operation: Operation<RequestEmailCode>, Body(input): Body<MailSignIn>) -> Answer {
    let email = address(&input.email)?;
    operation.command(RequestEmailCode::new(email)).await?;
    Ok(answer::accepted())
}

/// Signs in with a code that was sent by mail.
#[utoipa::path(post, path = "/api/auth/email-code/verify", tag = "auth", request_body = AddressAndCode,
    responses((status = 200, description = "Signed in, or a second factor is required", body = Data<SignInView>), (status = 401)))]
async fn verify_email_code(
    operation: Operation<VerifyEmailCode>,
    Body(input): Body<AddressAndCode>,
) -> Answer {
    let route_state = operation.route_state().clone();
    let mut errors = ValidationErrors::new();
    let email = errors.take("email", Email::parse(&input.email));
    let code = errors.take("code", EmailCode::parse(&input.code));
    let (email, code) = ApiError::unless_good(errors, email.zip(code))?;
    let answer = operation.command(VerifyEmailCode::new(email, code)).await?;
    sign_in_answer(&route_state, answer, input.transport)
}
