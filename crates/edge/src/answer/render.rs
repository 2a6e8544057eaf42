//! Renders errors as HTTP responses.

use super::{ApiError, JSON, retry_after, status};
use crate::public_error::{self, PublicError};
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use mainstay_domain::error::Code;
use mainstay_domain::validation::FieldError;
use serde::Serialize;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The error format that the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The format of this API.
    Plain,
    /// Problem details (RFC 9457).
    Problem,
}

impl Form {
    /// The format that `Accept` asks for: RFC 9457 whenever it is named, unless with `q=0`.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let lines = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let named = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts
                .next()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("application/problem+json"));
            kind && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        };
        if lines.flat_map(|line| line.split(',')).any(named) {
            Self::Problem
        } else {
            Self::Plain
        }
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    code: &'static str,
    message: &'a str,
    request_id: &'a str,
    details: &'a [FieldError],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    details: &'a [FieldError],
}

/// Gives an error response its body and headers, and logs it if it is an internal error. Leaves other responses alone.
pub(crate) fn render(response: &mut Response, form: Form, request_state: &RequestState) -> Option<Code> {
    if response.extensions().is_empty() {
        return None;
    }
    let api_error = response.extensions_mut().remove::<ApiError>()?;
    if let ApiError::Meant(error) = &api_error {
        let operation = request_state.route_state().map(RouteState::operation);
        public_error::log(error, request_state.request_id(), operation);
    }
    let error = api_error.public();
    advise(&error, response.headers_mut());
    let status = status::of(error.code);
    *response.status_mut() = status;
    *response.body_mut() = Body::from(body(&error, form, status, request_state.request_id()));
    let kind = if form == Form::Problem { PROBLEM } else { JSON };
    response.headers_mut().insert(CONTENT_TYPE, kind);
    // The router has set the length of the body that this one replaces.
    response.headers_mut().remove(CONTENT_LENGTH);
    Some(error.code)
}

/// Drops the body of a response to `HEAD`, and keeps the length of the body if it is known. HTTP/1 does so by itself;
/// HTTP/2 would send the body.
pub(crate) fn head_only(response: &mut Response) {
    let length = response.body().size_hint().exact();
    *response.body_mut() = Body::empty();
    let may_have_one = !response.status().is_informational()
        && !matches!(
            response.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
    if let Some(length) = length.filter(|_| may_have_one) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

fn body(error: &PublicError<'_>, form: Form, status: StatusCode, request_id: &str) -> Vec<u8> {
    let (code, message, details) = (error.code.as_str(), &*error.message, error.details);
    let written = match form {
        Form::Plain => serde_json::to_vec(&Plain {
            error: ErrorBody {
                code,
                message,
                request_id,
                details,
            },
        }),
        Form::Problem => serde_json::to_vec(&Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: message,
            code,
            request_id,
            details,
        }),
    };
    written.unwrap_or_default()
}

/// Adds the headers that help a client react: `Retry-After` and `WWW-Authenticate`.
fn advise(error: &PublicError<'_>, headers: &mut HeaderMap) {
    if let Some(wait) = error.retry_after {
        retry_after::set(wait, headers);
    }
    let challenge = match error.code {
        Code::Unauthorized | Code::InvalidCredentials | Code::MfaInvalid => "Bearer realm=\"mainstay\"",
        Code::TokenInvalid | Code::TokenExpired | Code::TokenRevoked | Code::TokenReused => {
            "Bearer realm=\"mainstay\", error=\"invalid_token\""
        }
        _ => return,
    };
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Form {
        Form::accepted(&[(ACCEPT, accept.parse().unwrap())].into_iter().collect())
    }

    #[test]
    fn clients_that_accept_problem_details_get_them() {
        assert_eq!(Form::accepted(&HeaderMap::new()), Form::Plain);
        for plain in [
            "*/*",
            "application/json",
            "application/problem+json;q=0",
            "application/problem+jsonx",
        ] {
            assert_eq!(accepted(plain), Form::Plain, "{plain}");
        }
        for problem in [
            "application/problem+json",
            "text/html, Application/Problem+JSON ; q=0.5",
        ] {
            assert_eq!(accepted(problem), Form::Problem, "{problem}");
        }
    }
}
