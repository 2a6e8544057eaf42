//! Answers to conditional reads (RFC 9110, 13).

use super::{Answer, Data, Tag, json};
use crate::input::IfNoneMatch;
use axum::response::Response;
use http::StatusCode;
use http::header::ETAG;
use serde::Serialize;

impl Tag {
    /// 200 with the resource, or 304 when the client has this state already.
    ///
    /// # Errors
    /// When the value cannot be serialized.
    pub fn answer(self, known: &IfNoneMatch, value: &impl Serialize) -> Answer {
        let tag = self.header();
        if let Some(known) = known.find(&tag) {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().insert(ETAG, known);
            return Ok(response);
        }
        let mut response = json(StatusCode::OK, &Data { data: value })?;
        response.headers_mut().insert(ETAG, tag);
        Ok(response)
    }
}
