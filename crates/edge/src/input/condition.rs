//! Conditional requests (RFC 9110, 13).

use crate::answer::tag::uncoded;
use crate::answer::{ApiError, Tag};
use axum::extract::FromRequestParts;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_domain::state;
use std::convert::Infallible;

/// Maximum number of tags read from `If-Match`; further ones are ignored.
const MAX_TAGS: usize = 100;

/// `If-Match`: the states to which a change may be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(pub state::ExpectedVersion);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

impl IfMatch {
    /// Reads the tags of all header lines, one of which must match the resource (RFC 9110, 13.1.1). Weak tags and tags
    /// that this server did not issue match no state; a malformed line contributes no tags.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        if !headers.contains_key(IF_MATCH) {
            return Self(state::ExpectedVersion::Any);
        }
        let lines = headers.get_all(IF_MATCH).iter();
        let lines: Vec<&str> = lines
            .map(|line| line.to_str().unwrap_or_default().trim())
            .collect();
        if lines == ["*"] {
            return Self(state::ExpectedVersion::Any);
        }
        let states = lines.into_iter().filter_map(tags).flatten();
        Self(state::ExpectedVersion::OneOf(
            states.filter_map(Tag::read).take(MAX_TAGS).collect(),
        ))
    }
}

/// The strong tags of a list, without quotes; `None` when the line is malformed.
fn tags(line: &str) -> Option<Vec<&str>> {
    let mut strong = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(strong);
        }
        let weak = rest.strip_prefix("W/");
        let (tag, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if weak.is_none() {
            strong.push(tag);
        }
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// `If-None-Match`: the states that the client has cached.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(Vec<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::read(&parts.headers))
    }
}

impl IfNoneMatch {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        Self(headers.get_all(IF_NONE_MATCH).iter().cloned().collect())
    }

    /// The client's tag that matches `tag`: the same one, or that of the same state in another coding; `None` when no
    /// tag matches. Uses weak comparison, as RFC 9110 requires.
    pub fn find(&self, tag: &HeaderValue) -> Option<HeaderValue> {
        let ours = tag.to_str().ok()?.trim_matches('"');
        let lines = self.0.iter().filter_map(|line| line.to_str().ok());
        for named in lines.flat_map(|line| line.split(',')).map(str::trim) {
            let strong = named.strip_prefix("W/").unwrap_or(named);
            let inner = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            if named == "*" {
                return Some(tag.clone());
            }
            if inner.is_some_and(|inner| uncoded(inner) == ours) {
                return HeaderValue::from_str(strong).ok();
            }
        }
        None
    }
}
