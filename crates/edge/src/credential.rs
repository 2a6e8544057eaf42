//! Finds the credential of an HTTP request.

use crate::cookies;
use crate::entry::Credential;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

const X_ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-access-token");

/// Finds the credential: `Authorization: Bearer`, then `x-access-token`, then the cookie, whose name depends on whether
/// cookies are for encrypted connections only (`secure`).
///
/// A credential of another scheme is ignored: a proxy in front of the server may require `Basic`, and browsers add
/// `Basic`, `Digest` and `Negotiate` by themselves, as they do cookies.
pub(crate) fn find(headers: &HeaderMap, secure: bool) -> Credential<'_> {
    match explicit(headers) {
        Some(token) => token.map_or(Credential::Unreadable, Credential::Explicit),
        None => cookies::access_token(headers, secure).map_or(Credential::None, Credential::Ambient),
    }
}

/// The token that the client set itself, in a header; `Some(None)` for a header without a readable one.
pub(crate) fn explicit(headers: &HeaderMap) -> Option<Option<&str>> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter().filter_map(bearer);
    let mut tokens = headers.get_all(X_ACCESS_TOKEN).iter().map(token);
    match bearers.next() {
        Some(first) => Some(first.filter(|_| bearers.next().is_none())),
        None => tokens
            .next()
            .map(|first| first.filter(|_| tokens.next().is_none())),
    }
}

/// The text after `Bearer`, if the header has that scheme; the scheme is case-insensitive (RFC 9110, 11.1).
fn bearer(value: &HeaderValue) -> Option<Option<&str>> {
    const SCHEME: &[u8] = b"bearer";
    let (scheme, rest) = value.as_bytes().split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME) && matches!(rest.first(), None | Some(b' ' | b'\t'));
    is_bearer.then(|| text(rest))
}

fn token(value: &HeaderValue) -> Option<&str> {
    text(value.as_bytes())
}

/// A token without the white space around it; `None` when it is empty or not text.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookies::cookie;
    use http::header::COOKIE;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_header_beats_a_cookie_even_when_it_is_no_good() {
        let both = |value| headers(&[(AUTHORIZATION, value), (COOKIE, "accessToken=ambient")]);
        assert_eq!(find(&both("Bearer abc"), false), Credential::Explicit("abc"));
        assert_eq!(find(&both("bearer  abc"), false), Credential::Explicit("abc"));
        for bad in ["Bearer", "Bearer ", "bearer\t"] {
            assert_eq!(find(&both(bad), false), Credential::Unreadable, "{bad}");
        }
        assert_eq!(
            find(&headers(&[(X_ACCESS_TOKEN, "abc")]), false),
            Credential::Explicit("abc")
        );
    }

    #[test]
    fn other_schemes_are_no_credential_of_ours() {
        for other in [
            "Basic c3RhZ2luZzpzZWNyZXQ=",
            "Digest username=\"x\"",
            "Negotiate abc",
            "Bearerx abc",
            "abc",
            "",
            "Basic é",
        ] {
            let with = |name, value| headers(&[(AUTHORIZATION, other), (name, value)]);
            assert_eq!(
                find(&headers(&[(AUTHORIZATION, other)]), false),
                Credential::None,
                "{other}"
            );
            assert_eq!(
                find(&with(X_ACCESS_TOKEN, "abc"), false),
                Credential::Explicit("abc")
            );
            assert_eq!(
                find(&with(AUTHORIZATION, "Bearer abc"), false),
                Credential::Explicit("abc")
            );
            assert_eq!(
                find(&with(COOKIE, "accessToken=abc"), false),
                Credential::Ambient("abc")
            );
        }
    }

    #[test]
    fn of_two_tokens_none_counts() {
        for twice in [AUTHORIZATION, X_ACCESS_TOKEN] {
            let value = |token| format!("{}{token}", if twice == AUTHORIZATION { "Bearer " } else { "" });
            let found = headers(&[(twice.clone(), &value("a")), (twice.clone(), &value("b"))]);
            assert_eq!(find(&found, false), Credential::Unreadable, "{twice}");
        }
        for bad in ["", " "] {
            assert_eq!(
                find(
                    &headers(&[(X_ACCESS_TOKEN, bad), (COOKIE, "accessToken=ambient")]),
                    false
                ),
                Credential::Unreadable
            );
        }
        let both = headers(&[(AUTHORIZATION, "Bearer a"), (X_ACCESS_TOKEN, "b")]);
        assert_eq!(find(&both, false), Credential::Explicit("a"));
    }

    #[test]
    fn of_two_cookies_of_one_name_none_counts() {
        for lines in [
            &[(COOKIE, "accessToken=planted; accessToken=x.y.z")][..],
            &[
                (COOKIE, "accessToken=x.y.z"),
                (COOKIE, "a=b; accessToken=planted"),
            ],
            &[(COOKIE, "accessToken=x.y.z; accessToken=")],
            &[(COOKIE, "accessToken=x.y.z; accessToken=x.y.z")],
        ] {
            assert_eq!(find(&headers(lines), false), Credential::None, "{lines:?}");
        }
        // A name in other letters is another cookie (RFC 6265bis, 5.7).
        let other = headers(&[(COOKIE, "AccessToken=a; accessToken=x.y.z")]);
        assert_eq!(find(&other, false), Credential::Ambient("x.y.z"));
    }

    #[test]
    fn where_cookies_are_secure_only_prefixed_ones_count() {
        let found = headers(&[(COOKIE, "accessToken=planted; __Host-accessToken=x.y.z")]);
        assert_eq!(find(&found, true), Credential::Ambient("x.y.z"));
        let planted = headers(&[(COOKIE, "accessToken=planted; __Secure-accessToken=planted")]);
        assert_eq!(find(&planted, true), Credential::None);
    }

    #[test]
    fn cookies_are_found_among_others() {
        let found = headers(&[(COOKIE, "a=b; accessToken=x.y.z; refreshToken=r")]);
        assert_eq!(find(&found, false), Credential::Ambient("x.y.z"));
        assert_eq!(cookie(&found, "refreshToken"), Some("r"));
        assert_eq!(
            find(&headers(&[(COOKIE, "accessToken=; other")]), false),
            Credential::None
        );
        assert_eq!(find(&HeaderMap::new(), false), Credential::None);
    }
}
