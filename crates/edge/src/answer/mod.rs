//! Responses: one resource, a list, or an error.

mod api_error;
mod conditional;
mod list;
pub(crate) mod render;
pub(crate) mod retry_after;
pub(crate) mod status;
pub(crate) mod tag;

pub use api_error::ApiError;
pub use list::{CursorPagination, Data, Listed, PagePagination, Pagination, list, whole_list};
pub use status::of as status_of;
pub use tag::Tag;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use mainstay_domain::Error;
use serde::Serialize;

/// Result of a handler.
pub type Answer = Result<Response, ApiError>;

/// Media type of JSON responses.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A response with a JSON body, serialized straight to bytes.
///
/// # Errors
/// `INTERNAL_ERROR` when the value cannot be serialized.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    sized_json(status, value, 512)
}

/// As [`json`], with a buffer whose initial capacity is `bytes`.
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

/// 204, without a body.
pub fn nothing() -> Response {
    empty(StatusCode::NO_CONTENT)
}

/// 202, without a body: the work is done later.
pub fn accepted() -> Response {
    empty(StatusCode::ACCEPTED)
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// 303: the browser goes to an address by `GET`. `target` was checked: a path, or an address of a known site.
pub fn see_other(target: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    set(&mut response, LOCATION, target);
    response
}

/// 200 with the given bytes and media type.
pub fn bytes(kind: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(bytes.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// 200 with a file of `size` bytes that the browser saves as `name`, sent as the chunks arrive. One that fails ends the
/// connection, so that the client notices.
pub fn download<C>(kind: &'static str, name: &str, size: i64, chunks: C) -> Response
where
    C: Stream<Item = Result<Bytes, Error>> + Send + 'static,
{
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    set(
        &mut response,
        CONTENT_DISPOSITION,
        &format!("attachment; filename=\"{name}\""),
    );
    response
}

/// Sets a header whose value the server chose; a text that is no valid header value is omitted.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
