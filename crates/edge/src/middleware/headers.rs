//! Headers that every answer has (OWASP Secure Headers).

use crate::request_state::RequestState;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_services::request_context::LimitNote;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An API has nothing to show: a browser that is made to show an answer may do nothing with it.
const CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains; preload");

/// Adds what makes browsers careful. A handler that set its own policy for content or caches keeps it.
pub(super) fn secure(headers: &mut HeaderMap) {
    headers.reserve(12);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(CSP);
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Adds what was noted on the way: how much of the limit is left, and that an answer is an old one. Tells whether there
/// was a limit.
pub(super) fn tell(request_state: &RequestState, headers: &mut HeaderMap) -> bool {
    let note = request_state.notes().limit();
    if let Some(note) = note {
        match request_state
            .route_state()
            .and_then(|route_state| route_state.policy())
        {
            Some(policy) => limit(&note, policy, headers),
            None => drop(headers.insert(RATE_LIMIT, left(&note))),
        }
    }
    if request_state.is_replayed() {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    note.is_some()
}

/// Adds how much of a limit is left, and what the limit is.
pub(super) fn limit(note: &LimitNote, policy: &HeaderValue, headers: &mut HeaderMap) {
    headers.insert(RATE_LIMIT_POLICY, policy.clone());
    headers.insert(RATE_LIMIT, left(note));
}

/// `"order.route_state";r=599;t=1` (draft-ietf-httpapi-ratelimit-headers-11): so many are left, in so many seconds all of them
/// are there again.
fn left(note: &LimitNote) -> HeaderValue {
    let seconds = seconds_up(note.reset_after);
    let text = format!("\"{}\";r={};t={seconds}", note.name, note.remaining);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Tells when another try is worth it.
pub(crate) fn retry_after(wait: std::time::Duration, headers: &mut HeaderMap) {
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds_up(wait).max(1)));
}

/// Whole seconds, rounded up: whoever waits that long has waited enough.
fn seconds_up(wait: std::time::Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn limits_are_structured_fields() {
        let note = LimitNote {
            name: "order.place",
            count: 600,
            period: Duration::from_mins(1),
            remaining: 599,
            reset_after: Duration::from_millis(100),
        };
        assert_eq!(left(&note), "\"order.place\";r=599;t=1");
    }

    #[test]
    fn waiting_as_told_is_always_enough() {
        let mut headers = HeaderMap::new();
        for (wait, told) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
            retry_after(Duration::from_millis(wait), &mut headers);
            assert_eq!(headers[RETRY_AFTER], told);
        }
    }
}
