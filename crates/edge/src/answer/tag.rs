//! Entity tags (RFC 9110, 8.8.3).

use axum::response::Response;
use http::header::{CONTENT_ENCODING, ETAG};
use http::{HeaderMap, HeaderValue};
use mainstay_domain::state::State;

/// Entity tag of one state of a resource: `"v7"`, or `"v7.0123abcd"` when the representation depends on more than the
/// resource's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(State);

impl Tag {
    /// The tag of a version alone.
    pub fn of(version: i64) -> Self {
        Self(State::of(version))
    }

    /// The state that a tag of this server stands for, in any content coding; `None` for any other tag.
    pub(crate) fn read(tag: &str) -> Option<State> {
        let tag = uncoded(tag);
        let inner = tag.strip_prefix('v')?;
        let (digits, rest) = inner
            .split_once('.')
            .map_or((inner, None), |(digits, rest)| (digits, Some(rest)));
        let facts = rest
            .map(|rest| u32::from_str_radix(rest, 16).ok())
            .map_or(Some(None), |read| read.map(Some))?;
        let state = State {
            version: digits.parse().ok()?,
            facts,
        };
        // Accepts only the canonical spelling.
        (Self(state).text() == tag).then_some(state)
    }

    fn text(self) -> String {
        match self.0.facts {
            None => format!("v{}", self.0.version),
            Some(facts) => format!("v{}.{facts:08x}", self.0.version),
        }
    }

    /// The tag as the value of `ETag`.
    pub fn header(self) -> HeaderValue {
        let text = format!("\"{}\"", self.text());
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// Sets `ETag` on a response that contains the resource after a change.
    #[must_use]
    pub fn put(self, mut response: Response) -> Response {
        response.headers_mut().insert(ETAG, self.header());
        response
    }
}

/// Marks the tag of a compressed response: its bytes differ from the uncompressed ones, so its strong tag must differ
/// too (RFC 9110, 8.8.3.3). `"v7"` becomes `"v7-gzip"`.
pub(crate) fn mark_coded(headers: &mut HeaderMap) {
    let coding = headers
        .get(CONTENT_ENCODING)
        .and_then(|coding| coding.to_str().ok());
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let inner = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    let marked = inner
        .zip(coding)
        .map(|(inner, coding)| format!("\"{inner}-{coding}\""));
    if let Some(Ok(marked)) = marked.map(HeaderValue::try_from) {
        headers.insert(ETAG, marked);
    }
}

/// The tag of the uncompressed response for the tag of a compressed one; both without quotes.
pub(crate) fn uncoded(tag: &str) -> &str {
    let plain = ["-gzip", "-br", "-zstd"]
        .into_iter()
        .find_map(|coding| tag.strip_suffix(coding));
    plain.unwrap_or(tag)
}

impl From<State> for Tag {
    fn from(state: State) -> Self {
        Self(state)
    }
}
