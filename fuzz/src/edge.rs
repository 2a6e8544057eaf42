//! Parsers of requests.

use crate::{lines, with_text};
use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_edge::fuzzing;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A body is parsed, or refused with a message.
pub fn body(bytes: &[u8]) {
    if let Err(message) = fuzzing::body(bytes) {
        assert!(!message.is_empty());
    }
}

/// A query string with the parameters of a list: filters, sort, page, limit and cursor.
pub fn query(bytes: &[u8]) {
    with_text(bytes, fuzzing::list_params);
}

/// Every header that the server parses, from lines `name: value`.
pub fn headers(bytes: &[u8]) {
    fuzzing::headers(&header_map(bytes));
}

/// The address, the host and the origin of a request. A trusted proxy's client is never a trusted proxy.
pub fn addresses(bytes: &[u8]) {
    fuzzing::addresses(&header_map(bytes));
}

/// The cookies of a request, from lines that are each one header.
pub fn cookies(bytes: &[u8]) {
    fuzzing::cookies(&headers_named(&COOKIE, bytes));
}

/// Idempotency keys, from lines that are each one header.
pub fn idempotency_key(bytes: &[u8]) {
    fuzzing::idempotency_key(&headers_named(&IDEMPOTENCY_KEY, bytes));
}

/// A form-encoded text with fields that are known, unknown, repeated or missing.
pub fn form(bytes: &[u8]) {
    with_text(bytes, fuzzing::form);
}

fn headers_named(name: &HeaderName, bytes: &[u8]) -> HeaderMap {
    let values = lines(bytes)
        .take(4)
        .filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| (name.clone(), value)).collect()
}

fn header_map(bytes: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines(bytes).take(16) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}
