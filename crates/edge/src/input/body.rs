//! JSON bodies.

use super::{Object, explain, idempotency};
use crate::answer::Refusal;
use crate::exchange::Exchange;
use crate::place::Place;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
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
        if !bytes.is_empty() {
            media?;
        }
        match bytes.trim_ascii() {
            b"" | b"null" => Ok(Self(T::default())),
            _ => parse(&bytes).map(Self),
        }
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

pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Refusal> {
    // Only requests that may be repeated are worth a digest.
    let exchange = request.extensions().get::<Arc<Exchange>>().cloned();
    let exchange = exchange.filter(|_| idempotency::is_asked(request.method(), request.headers()));
    let told = request.headers().get(CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut body = request.into_body();
    let mut bytes = Pieces::default();
    while told.is_none_or(|length| length <= limit as u64) {
        let Some(data) = next(&mut body).await? else {
            let bytes = bytes.whole();
            if let Some(exchange) = exchange {
                exchange.set_fingerprint(sha256(&bytes));
            }
            return Ok(bytes);
        };
        if bytes.len() + data.len() > limit {
            break;
        }
        bytes.add(data);
    }
    // A client that is still sending would miss the answer: so a while is listened to what is thrown away.
    let mut ignored = 0;
    while ignored <= limit
        && let Ok(Some(data)) = next(&mut body).await
    {
        ignored += data.len();
    }
    Err(Refusal::TooLarge)
}

/// The next piece of a body.
async fn next(body: &mut axum::body::Body) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let ended = |_| Error::BadRequest("the request body ended early".to_owned());
        if let Ok(data) = frame.map_err(ended)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// The pieces of a body so far. The usual body comes in one, and is not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: Vec<u8>,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn add(&mut self, data: Bytes) {
        if self.first.is_empty() {
            self.first = data;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&data);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.into()
        }
    }
}
