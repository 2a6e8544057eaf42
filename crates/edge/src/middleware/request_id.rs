//! Request ids.

use http::{HeaderMap, HeaderName};
use mainstay_domain::id::uuid_v7;
use mainstay_domain::random::{self, Random};
use mainstay_domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The header that carries the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Generates request ids. Their random part distinguishes requests and is no secret, so the system's random generator
/// supplies one seed at the start and not a value for each request.
#[derive(Debug)]
pub(super) struct RequestIds {
    state: AtomicU64,
}

impl RequestIds {
    pub(super) fn new(random: &dyn Random) -> Self {
        Self {
            state: AtomicU64::new(u64::from_be_bytes(random::bytes(random))),
        }
    }

    /// The client's own id if it is valid, else a new UUIDv7.
    pub(super) fn name(&self, headers: &HeaderMap, now: Timestamp) -> Arc<str> {
        match headers.get(X_REQUEST_ID).and_then(|value| sane(value.as_bytes())) {
            Some(own) => own.into(),
            None => {
                let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                Arc::from(&*uuid_v7(now, self).hyphenated().encode_lower(&mut text))
            }
        }
    }
}

impl Random for RequestIds {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64.
            let mut z = self.state.fetch_add(0x9E37_79B9_7F4A_7C15, Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_be_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// Accepts 1 to 128 of letters, digits, `.`, `_` and `-`: nothing that could forge a log line or a header.
fn sane(name: &[u8]) -> Option<&str> {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    ((1..=128).contains(&name.len()) && name.iter().all(good)).then(|| std::str::from_utf8(name).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::random::Counting;
    use std::collections::HashSet;

    #[test]
    fn only_sane_names_are_kept() {
        let long = "x".repeat(129);
        for bad in ["", "a b", "a\"b", "ä", "a/b", &long] {
            assert_eq!(sane(bad.as_bytes()), None, "{bad}");
        }
        for good in ["a", "A-1_b.c", &long[1..]] {
            assert_eq!(sane(good.as_bytes()), Some(good));
        }
    }

    #[test]
    fn new_names_differ_within_one_microsecond() {
        let ids = RequestIds::new(&Counting::default());
        let at = Timestamp::from_seconds(1_800_000_000);
        let names: HashSet<_> = (0..10_000).map(|_| ids.name(&HeaderMap::new(), at)).collect();
        assert_eq!(names.len(), 10_000);
        assert!(names.iter().all(|name| name.as_bytes()[14] == b'7'));
    }
}
