//! Protection against cross-site request forgery.
//!
//! Browsers send where a request comes from (`Sec-Fetch-Site`), and older ones send the origin. So no CSRF token is
//! needed, and the server keeps no state.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The server's own origin.
#[derive(Debug)]
pub(super) struct Csrf {
    own: String,
}

impl Csrf {
    pub(super) fn new(public_url: &str) -> Self {
        let own = url::Url::parse(public_url).map(|url| url.origin().ascii_serialization());
        Self {
            own: own.unwrap_or_default(),
        }
    }

    /// Whether a page of another site may have made a browser send this unsafe request without its user's knowledge.
    /// Such a request may only use a credential that no browser adds by itself: see [`RequestState::forbid_foreign`].
    ///
    /// A request without `Origin` and `Sec-Fetch-Site` was not sent by a browser. `host` is the host that the request
    /// is addressed to; `listed` means that CORS allows its origin.
    ///
    /// [`RequestState::forbid_foreign`]: crate::request_state::RequestState::forbid_foreign
    pub(super) fn is_foreign(&self, method: &Method, headers: &HeaderMap, host: &str, listed: bool) -> bool {
        if method.is_safe() || listed {
            return false;
        }
        match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
            Some(b"same-origin" | b"none") => false,
            Some(_) => !self.is_own(headers, host).unwrap_or(false),
            None => !self.is_own(headers, host).unwrap_or(true),
        }
    }

    /// Whether the request's `Origin` is the server's own; `None` without that header.
    fn is_own(&self, headers: &HeaderMap, host: &str) -> Option<bool> {
        let origin = headers.get(ORIGIN)?.to_str().unwrap_or_default();
        let (scheme, named) = origin.split_once("://").unwrap_or_default();
        let same_host = !host.is_empty() && named.eq_ignore_ascii_case(host);
        Some(origin == self.own || (same_host && self.is_as_safe(scheme, host)))
    }

    /// Whether a page loaded by this scheme can be trusted as same-origin. If the server is reached by `https`, an
    /// attacker on the network can forge a page of its host loaded by `http`; not so on the local machine.
    fn is_as_safe(&self, scheme: &str, host: &str) -> bool {
        let loopback = ["localhost", "127.0.0.1", "[::1]"];
        let local = host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) {
                name
            } else {
                host
            }
        });
        scheme == "https" || !self.own.starts_with("https://") || loopback.contains(&local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_foreign(method: Method, lines: &[(&'static str, &str)]) -> bool {
        let host = lines
            .iter()
            .find(|(name, _)| *name == "host")
            .map_or("", |(_, host)| *host);
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Csrf::new("https://shop.example/").is_foreign(&method, &headers, host, false)
    }

    #[test]
    fn foreign_pages_are_refused() {
        assert!(is_foreign(Method::POST, &[("sec-fetch-site", "cross-site")]));
        assert!(is_foreign(Method::POST, &[("sec-fetch-site", "same-site")]));
        assert!(is_foreign(
            Method::DELETE,
            &[("origin", "https://evil.example"), ("host", "shop.example")]
        ));
        assert!(is_foreign(
            Method::POST,
            &[("origin", "null"), ("host", "shop.example")]
        ));
        assert!(is_foreign(Method::POST, &[("origin", "https://"), ("host", "")]));
        assert!(is_foreign(
            Method::POST,
            &[("origin", "http://shop.example"), ("host", "shop.example")]
        ));
        assert!(is_foreign(
            Method::POST,
            &[("sec-fetch-site", "cross-site"), ("cookie", "accessToken=x")]
        ));
    }

    #[test]
    fn own_pages_and_programs_are_not() {
        assert!(!is_foreign(Method::POST, &[]));
        assert!(!is_foreign(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(!is_foreign(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!is_foreign(Method::POST, &[("sec-fetch-site", "none")]));
        assert!(!is_foreign(
            Method::POST,
            &[("origin", "https://shop.example"), ("host", "inner:3000")]
        ));
        assert!(!is_foreign(
            Method::POST,
            &[("origin", "http://localhost:3000"), ("host", "localhost:3000")]
        ));
        assert!(!is_foreign(
            Method::POST,
            &[("origin", "http://[::1]"), ("host", "[::1]")]
        ));
        assert!(!is_foreign(
            Method::POST,
            &[("origin", "https://other.example"), ("host", "other.example")]
        ));
    }

    #[test]
    fn no_header_makes_a_page_ours() {
        for (name, value) in [
            ("authorization", "Bearer x"),
            ("x-access-token", "x"),
            ("authorization", "Basic eA=="),
        ] {
            assert!(is_foreign(
                Method::POST,
                &[("sec-fetch-site", "cross-site"), (name, value)]
            ));
        }
    }
}
