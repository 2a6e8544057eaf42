//! Headers that every response has (OWASP Secure Headers).

use crate::answer::retry_after::seconds_up;
use crate::request_state::RequestState;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_engine::request_context::LimitNote;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An API has no pages: a browser that renders a response may load and run nothing.
const CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains; preload");

/// Adds the security headers. A content or cache policy that the handler set stays.
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

/// Adds the rate limit headers, and `Idempotency-Replayed` for a replayed response. Returns whether a use case counted
/// the request against a limit.
pub(super) fn describe(request_state: &RequestState, headers: &mut HeaderMap) -> bool {
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

/// Adds the remaining quota and the policy of a rate limit.
pub(super) fn limit(note: &LimitNote, policy: &HeaderValue, headers: &mut HeaderMap) {
    headers.insert(RATE_LIMIT_POLICY, policy.clone());
    headers.insert(RATE_LIMIT, left(note));
}

/// `"order.place";r=599;t=1` (draft-ietf-httpapi-ratelimit-headers-11): the remaining requests, and the seconds until
/// the full quota is available again.
fn left(note: &LimitNote) -> HeaderValue {
    let seconds = seconds_up(note.reset_after);
    let text = format!("\"{}\";r={};t={seconds}", note.name, note.remaining);
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
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
}
