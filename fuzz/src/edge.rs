//! Parsers of requests.

use crate::{lines, with_text};
use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_edge::fuzzing;

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
