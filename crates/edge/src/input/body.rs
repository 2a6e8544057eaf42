//! JSON bodies.

use super::read::read;
use super::{Object, explain};
use crate::answer::ApiError;
use crate::route_state::RouteState;
use axum::extract::{FromRequest, Request};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

/// Extracts a JSON body. `T` should refuse unknown fields, so that a typo is reported and not ignored.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// Extracts a JSON body that may be absent.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<RouteState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, route_state: &RouteState) -> Result<Self, ApiError> {
        check_media(request.headers())?;
        let bytes = read(request, route_state.max_body()).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<RouteState> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, route_state: &RouteState) -> Result<Self, ApiError> {
        let media = check_media(request.headers());
        let bytes = read(request, route_state.max_body()).await?;
        if !bytes.is_empty() {
            media?;
        }
        match bytes.trim_ascii() {
            b"" | b"null" => Ok(Self(T::default())),
            _ => parse(&bytes).map(Self),
        }
    }
}

/// Deserializes JSON.
///
/// # Errors
/// `BAD_REQUEST` when it is not JSON, `VALIDATION_FAILED` with all findings when it does not match `T`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A valid body takes one pass; only a failed one pays for the explanation.
    let read = serde_json::from_slice::<Object<T>>(bytes);
    read.map(|Object(value)| value)
        .map_err(|_| explain::body::<Object<T>>(bytes))
}

/// Accepts `application/json` and `application/*+json`, without a content coding.
fn check_media(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase();
    let json = kind == b"application/json" || (kind.starts_with(b"application/") && kind.ends_with(b"+json"));
    if !json {
        return Err(ApiError::UnsupportedMedia("send the body as application/json"));
    }
    // A compressed body could expand beyond any limit.
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(_) => Err(ApiError::UnsupportedMedia(
            "send the body without a content encoding",
        )),
    }
}
