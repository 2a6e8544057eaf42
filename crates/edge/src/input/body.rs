//! JSON bodies.

use super::{Object, explain, idempotency};
use crate::answer::Refusal;
use crate::exchange::Exchange;
use crate::place::Place;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mainstay_domain::Error;
use mainstay_platform::crypto::sha256;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A JSON body. `T` should refuse unknown fields, so that a typo never passes silently.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Place> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, place: &Place) -> Result<Self, Refusal> {
        check_media(request.headers())?;
        let bytes = read(request, place.options().body_limit).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Place> for OptionalBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, place: &Place) -> Result<Self, Refusal> {
        let media = check_media(request.headers());
        let bytes = read(request, place.options().body_limit).await?;
        if matches!(bytes.trim_ascii(), b"" | b"null") {
            return Ok(Self(T::default()));
        }
        media?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON, or says what is wrong with it.
///
/// # Errors
/// `BAD_REQUEST` for what is no JSON, `VALIDATION_FAILED` for what is another thing than was asked for.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // The usual case in one pass; whoever failed pays for being told why.
    let read = serde_json::from_slice::<Object<T>>(bytes);
    read.map(|Object(value)| value)
        .map_err(|_| explain::body::<Object<T>>(bytes))
}

/// JSON and nothing around it.
fn check_media(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase();
    let json = kind == b"application/json" || (kind.starts_with(b"application/") && kind.ends_with(b"+json"));
    if !json {
        return Err(Refusal::UnsupportedMedia("send the body as application/json"));
    }
    // A compressed body could unpack to more than any limit.
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(_) => Err(Refusal::UnsupportedMedia(
            "send the body without a content encoding",
        )),
    }
}

async fn read(request: Request, limit: usize) -> Result<Bytes, Refusal> {
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit as u64) {
        return Err(Refusal::TooLarge);
    }
    // Only requests that may be repeated are worth a digest.
    let exchange = request.extensions().get::<Arc<Exchange>>().cloned();
    let exchange = exchange.filter(|_| idempotency::is_asked(request.method(), request.headers()));
    let body = Limited::new(request.into_body(), limit)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() || source_is_limit(&*error) {
                return Refusal::TooLarge;
            }
            Refusal::from(Error::BadRequest("the request body ended early".to_owned()))
        })?;
    let bytes = body.to_bytes();
    if let Some(exchange) = exchange {
        exchange.set_fingerprint(sha256(&bytes));
    }
    Ok(bytes)
}

fn source_is_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .source()
        .is_some_and(|source| source.is::<LengthLimitError>() || source_is_limit(source))
}
