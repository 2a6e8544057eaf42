//! Signing in and out.

use crate::parse::email;
use axum::response::Response;
use http::StatusCode;
use http::header::LOCATION;
use mainstay_domain::email::Email;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::name::PersonName;
use mainstay_domain::password;
use mainstay_domain::validation::ValidationErrors;
use mainstay_edge::answer::{self, Data};
use mainstay_edge::cookies::{self, RefreshCookie, TokenPair};
use mainstay_edge::input::{Body, OptionalBody};
use mainstay_edge::{Answer, ApiError, Operation, RouteState, Routes, route};
use mainstay_engine::Secret;
use mainstay_services::account::{
    Login, Logout, LogoutAll, Password, Refresh, Register, Registered, SignIn, Tokens,
};
use mainstay_services::setup::ClaimSetup;
use mainstay_views::{FactorRequestView, RestoreOfferView, SignInView, TokensView};
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .add(route!(Register, register))
        .add(route!(Login, login))
        .add(route!(Refresh, refresh))
        .add(route!(Logout, logout))
        .add(route!(LogoutAll, logout_all))
        .add(route!(ClaimSetup, setup))
}

/// How the response carries the tokens.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    /// In the body of the response.
    Body,
    /// As `HttpOnly` cookies, out of reach of scripts.
    Cookie,
}

/// An account to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registration {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// At least 8 characters, and none of those that attackers try first.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    transport: Option<Transport>,
}

/// An e-mail address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Credentials {
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, max_length = 256)]
    password: String,
    transport: Option<Transport>,
}

/// A refresh token, unless the cookie carries it. A token from the cookie is answered by cookie, whatever `transport` says:
/// a script gets no token that it could not see before.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Renewal {
    #[schema(max_length = 100)]
    refresh_token: Option<String>,
    transport: Option<Transport>,
}

/// The refresh token of the session to end, unless the cookie or the access token names it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignOut {
    #[schema(max_length = 100)]
    refresh_token: Option<String>,
}

/// The one-time token that the first start printed, and the first administrator's account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Claim {
    #[schema(max_length = 100)]
    token: String,
    #[schema(format = Email, max_length = 254)]
    email: String,
    #[schema(format = Password, min_length = 8, max_length = 256)]
    password: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    transport: Option<Transport>,
}

/// Creates an account and signs its owner in.
#[utoipa::path(post, path = "/api/auth/register", tag = "auth", request_body = Registration,
    responses((status = 201, description = "Created", body = Data<TokensView>),
        (status = 202, description = "Addresses have to be confirmed first: a mail is on its way, whether or not the address has an account"),
        (status = 409)))]
async fn register(operation: Operation<Register>, Body(input): Body<Registration>) -> Answer {
    let route_state = operation.route_state().clone();
    let (email, password, name) = person(&input.email, input.password, &input.name)?;
    match operation.command(Register::new(email, password, name)).await? {
        Registered::SignedIn(tokens) => made(&route_state, *tokens, input.transport),
        Registered::MailSent => Ok(answer::accepted()),
    }
}

/// Signs in.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Credentials,
    responses((status = 200, description = "Signed in, or a second factor is required, or the account is to be deleted and can be restored", body = Data<SignInView>), (status = 401)))]
async fn login(operation: Operation<Login>, Body(input): Body<Credentials>) -> Answer {
    let route_state = operation.route_state().clone();
    let email = email(&input.email)?;
    let answer = operation
        .command(Login::new(email, Password::new(input.password)))
        .await?;
    sign_in_answer(&route_state, answer, input.transport)
}

/// Exchanges a refresh token for new tokens. A client that lost the response may repeat the request.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = Option<Renewal>,
    responses((status = 200, description = "The new tokens", body = Data<TokensView>), (status = 401)))]
async fn refresh(
    operation: Operation<Refresh>,
    cookie: RefreshCookie,
    OptionalBody(input): OptionalBody<Renewal>,
) -> Answer {
    let route_state = operation.route_state().clone();
    let (token, transport) = match (input.refresh_token, cookie.0) {
        (Some(token), _) => (Secret::new(token), input.transport),
        (None, Some(token)) => (token, Some(Transport::Cookie)),
        (None, None) => return Err(Error::Unauthenticated(Unauthenticated::Missing).into()),
    };
    let tokens = operation.command(Refresh::new(token)).await?.tokens()?;
    signed_in(StatusCode::OK, &route_state, tokens, transport)
}

/// Ends this session; its tokens stop working at once. The refresh token is enough: the access token may have expired.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = Option<SignOut>,
    responses((status = 204, description = "The session has ended"), (status = 401)))]
async fn logout(
    operation: Operation<Logout>,
    cookie: RefreshCookie,
    OptionalBody(input): OptionalBody<SignOut>,
) -> Answer {
    let route_state = operation.route_state().clone();
    let refresh_token = input.refresh_token.map(Secret::new).or(cookie.0);
    operation.command(Logout { refresh_token }).await?;
    Ok(signed_out(&route_state))
}

/// Ends all sessions of the caller.
#[utoipa::path(post, path = "/api/auth/logout-all", tag = "auth", responses((status = 204, description = "The session has ended")))]
async fn logout_all(operation: Operation<LogoutAll>) -> Answer {
    let route_state = operation.route_state().clone();
    operation.command(LogoutAll).await?;
    Ok(signed_out(&route_state))
}

/// Creates the first administrator, with the token of the link that the first start printed.
#[utoipa::path(post, path = "/api/auth/setup", tag = "auth", request_body = Claim,
    responses((status = 201, description = "Created", body = Data<TokensView>), (status = 401), (status = 409)))]
async fn setup(operation: Operation<ClaimSetup>, Body(input): Body<Claim>) -> Answer {
    let route_state = operation.route_state().clone();
    let (email, password, name) = person(&input.email, input.password, &input.name)?;
    let tokens = operation
        .command(ClaimSetup::new(Secret::new(input.token), email, password, name))
        .await?;
    made(&route_state, tokens, input.transport)
}

/// Checks all three values before reporting errors. The use case checks the password again, for the other interfaces.
fn person(email: &str, password: String, name: &str) -> Result<(Email, Password, PersonName), ApiError> {
    let mut errors = ValidationErrors::new();
    let email = errors.take("email", Email::parse(email));
    let name = errors.take("name", PersonName::parse(name));
    let own = [
        email.as_ref().map_or("", Email::as_str),
        name.as_ref().map_or("", PersonName::as_str),
    ];
    let good = errors.take("password", password::check_new(&password, &own));
    let made = email
        .zip(good)
        .zip(name)
        .map(|((email, ()), name)| (email, Password::new(password), name));
    ApiError::unless_good(errors, made)
}

fn made(route_state: &RouteState, tokens: Tokens, transport: Option<Transport>) -> Answer {
    let location = format!("/api/users/{}", tokens.user.user.id);
    let mut response = signed_in(StatusCode::CREATED, route_state, tokens, transport)?;
    answer::set(&mut response, LOCATION, &location);
    Ok(response)
}

/// The answer to a sign-in: the tokens, the request for a second factor, or the offer to restore the account.
pub(crate) fn sign_in_answer(
    route_state: &RouteState,
    answer: SignIn,
    transport: Option<Transport>,
) -> Answer {
    match answer {
        SignIn::Tokens(tokens) => signed_in(StatusCode::OK, route_state, *tokens, transport),
        SignIn::SecondFactor(request) => {
            let data = SignInView::SecondFactor(FactorRequestView::from(request));
            answer::json(StatusCode::OK, &Data { data })
        }
        SignIn::Restore(offer) => {
            let data = SignInView::Restore(RestoreOfferView::from(offer));
            answer::json(StatusCode::OK, &Data { data })
        }
    }
}

/// The answer to a sign-in that is complete: the tokens.
pub(crate) fn sign_in_tokens(
    route_state: &RouteState,
    tokens: Tokens,
    transport: Option<Transport>,
) -> Answer {
    signed_in(StatusCode::OK, route_state, tokens, transport)
}

fn signed_in(
    status: StatusCode,
    route_state: &RouteState,
    tokens: Tokens,
    transport: Option<Transport>,
) -> Answer {
    if transport != Some(Transport::Cookie) {
        return answer::json(
            status,
            &Data {
                data: TokensView::of(tokens, true),
            },
        );
    }
    let pair = (tokens.access_token.clone(), tokens.refresh_token.clone());
    let ends = (tokens.expires_at, tokens.session_ends_at);
    let device = tokens.device.clone();
    let mut response = answer::json(
        status,
        &Data {
            data: TokensView::of(tokens, false),
        },
    )?;
    let pair = TokenPair {
        access: (pair.0.expose(), ends.0),
        refresh: (pair.1.expose(), ends.1),
    };
    let secure = route_state.options().secure_cookies;
    cookies::set(response.headers_mut(), pair, secure);
    if let Some(token) = device {
        cookies::set_device(response.headers_mut(), token.expose(), secure);
    }
    Ok(response)
}

pub(crate) fn signed_out(route_state: &RouteState) -> Response {
    let mut response = answer::nothing();
    cookies::clear(response.headers_mut(), route_state.options().secure_cookies);
    response
}
