//! `Retry-After` (RFC 9110, 10.2.3).

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue};
use std::time::Duration;

/// Adds `Retry-After`.
pub(crate) fn set(wait: Duration, headers: &mut HeaderMap) {
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds_up(wait).max(1)));
}

/// Whole seconds, rounded up, so that a client that waits this long has waited enough.
pub(crate) fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_the_named_time_is_always_enough() {
        let mut headers = HeaderMap::new();
        for (wait, expected) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
            set(Duration::from_millis(wait), &mut headers);
            assert_eq!(headers[RETRY_AFTER], expected);
        }
    }
}
