//! Conditions on the state of a thing (RFC 9110, 13).

use crate::answer::Refusal;
use axum::extract::FromRequestParts;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_domain::Error;

/// `If-Match`: the version that a change is meant for; `None` for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub Option<i64>);

impl<S: Sync> FromRequestParts<S> for Expected {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Self::read(&parts.headers).ok_or_else(|| Error::Stale.into())
    }
}

impl Expected {
    /// `None` when the condition cannot hold: a weak tag, one that is not ours, or a list of several.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(IF_MATCH).iter();
        let Some(line) = lines.next() else {
            return Some(Self(None));
        };
        if lines.next().is_some() {
            return None;
        }
        match line.to_str().ok()?.trim() {
            "*" => Some(Self(None)),
            tag => version(tag).map(|version| Self(Some(version))),
        }
    }
}

/// The version in `"v7"` or `"v7.0123abcd"`.
fn version(tag: &str) -> Option<i64> {
    let inner = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    let (digits, rest) = inner
        .split_once('.')
        .map_or((inner, None), |(digits, rest)| (digits, Some(rest)));
    let hex = |rest: &str| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && rest.is_none_or(hex);
    good.then(|| digits.parse().ok())?
}

/// `If-None-Match`: the states that the client has.
#[derive(Debug, Clone, Default)]
pub struct Known(Vec<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Self(
            parts.headers.get_all(IF_NONE_MATCH).iter().cloned().collect(),
        ))
    }
}

impl Known {
    /// True when the client has the thing in the state of the tag. The comparison is the weak one, as the RFC wants it.
    pub fn has(&self, tag: &HeaderValue) -> bool {
        let same = |named: &str| {
            matches!(named.trim(), "*") || named.trim().trim_start_matches("W/").as_bytes() == tag
        };
        self.0
            .iter()
            .filter_map(|line| line.to_str().ok())
            .any(|line| line.split(',').any(same))
    }
}
