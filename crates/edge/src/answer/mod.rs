//! Answers: one thing, many things, or a failure.

mod api_error;
mod list;
pub(crate) mod render;
pub(crate) mod tag;

pub use api_error::ApiError;
pub use list::{CursorPagination, Data, Listed, PagePagination, Pagination, list};
pub use tag::Tag;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use mainstay_domain::Error;
use serde::Serialize;

/// What handlers answer.
pub type Answer = Result<Response, ApiError>;

/// The media type of our answers.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON body, written straight to bytes.
///
/// # Errors
/// `INTERNAL_ERROR` when the value has no JSON form.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    sized_json(status, value, 512)
}

/// The same, with room for so many bytes from the beginning.
fn sized_json(status: StatusCode, value: &impl Serialize, bytes: usize) -> Answer {
    let mut bytes = Vec::with_capacity(bytes);
    serde_json::to_writer(&mut bytes, value).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    Ok(response)
}

/// 200 and `{"data": …}`.
///
/// # Errors
/// As [`json`].
pub fn data(value: &impl Serialize) -> Answer {
    json(StatusCode::OK, &Data { data: value })
}

/// 201, `Location` and `{"data": …}`.
///
/// # Errors
/// As [`json`].
pub fn created(location: &str, value: &impl Serialize) -> Answer {
    let mut response = json(StatusCode::CREATED, &Data { data: value })?;
    set(&mut response, LOCATION, location);
    Ok(response)
}

/// 204.
pub fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// 200 and bytes of a given media type.
pub fn bytes(kind: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(bytes.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Sets a header whose text is ours; one that cannot be a header is left out.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
