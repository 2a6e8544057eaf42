//! Entity tags (RFC 9110, 8.8.3).

use super::{Answer, Data, json};
use crate::input::Known;
use axum::response::Response;
use http::header::ETAG;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// The tag of one state of a thing: `"v7"`, or `"v7.5f3a"` when what is shown depends on more than the thing's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    version: i64,
    rest: Option<u32>,
}

impl Tag {
    /// The tag of a version.
    pub fn of(version: i64) -> Self {
        Self { version, rest: None }
    }

    /// The tag of a version shown together with other facts.
    pub fn with<'f>(version: i64, facts: impl IntoIterator<Item = &'f str>) -> Self {
        // FNV-1a: it has to be the same on every node and after every restart, and nothing more.
        let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let bytes = facts.into_iter().flat_map(|fact| fact.bytes().chain([b'\n']));
        Self {
            version,
            rest: Some(bytes.fold(0x811c_9dc5, step)),
        }
    }

    /// As a header.
    pub fn header(self) -> HeaderValue {
        let text = match self.rest {
            None => format!("\"v{}\"", self.version),
            Some(rest) => format!("\"v{}.{rest:08x}\"", self.version),
        };
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// 200 with the thing, or 304 when the client has it in this state.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn answer(self, known: &Known, value: &impl Serialize) -> Answer {
        let tag = self.header();
        if known.has(&tag) {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().insert(ETAG, tag);
            return Ok(response);
        }
        let mut response = json(StatusCode::OK, &Data { data: value })?;
        response.headers_mut().insert(ETAG, tag);
        Ok(response)
    }

    /// Tags an answer that shows the thing after a change.
    #[must_use]
    pub fn put(self, mut response: Response) -> Response {
        response.headers_mut().insert(ETAG, self.header());
        response
    }
}
