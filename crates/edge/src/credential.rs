//! Finds the credential of an HTTP request.

use crate::entry::Credential;
use cookie::Cookie;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

const X_ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-access-token");

/// Finds the credential: `Authorization: Bearer`, then `x-access-token`, then the cookie `accessToken`.
///
/// A credential of another scheme is ignored: a proxy in front of the server may require `Basic`, and browsers add
/// `Basic`, `Digest` and `Negotiate` by themselves, as they do cookies.
pub(crate) fn find(headers: &HeaderMap) -> Credential<'_> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter().filter_map(bearer);
    let mut tokens = headers.get_all(X_ACCESS_TOKEN).iter().map(token);
    let explicit = match bearers.next() {
        Some(first) => Some(first.filter(|_| bearers.next().is_none())),
        None => tokens
            .next()
            .map(|first| first.filter(|_| tokens.next().is_none())),
    };
    match explicit {
        Some(token) => token.map_or(Credential::Unreadable, Credential::Explicit),
        None => cookie(headers, "accessToken").map_or(Credential::None, Credential::Ambient),
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

/// The value of a cookie; `None` when it is absent or empty.
pub(crate) fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let all = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    all.filter(|cookie| cookie.name() == name)
        .find_map(|cookie| cookie.value_raw().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_header_beats_a_cookie_even_when_it_is_no_good() {
        let both = |value| headers(&[(AUTHORIZATION, value), (COOKIE, "accessToken=ambient")]);
        assert_eq!(find(&both("Bearer abc")), Credential::Explicit("abc"));
        assert_eq!(find(&both("bearer  abc")), Credential::Explicit("abc"));
        for bad in ["Bearer", "Bearer ", "bearer\t"] {
            assert_eq!(find(&both(bad)), Credential::Unreadable, "{bad}");
        }
        assert_eq!(
            find(&headers(&[(X_ACCESS_TOKEN, "abc")])),
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
                find(&headers(&[(AUTHORIZATION, other)])),
                Credential::None,
                "{other}"
            );
            assert_eq!(find(&with(X_ACCESS_TOKEN, "abc")), Credential::Explicit("abc"));
            assert_eq!(
                find(&with(AUTHORIZATION, "Bearer abc")),
                Credential::Explicit("abc")
            );
            assert_eq!(find(&with(COOKIE, "accessToken=abc")), Credential::Ambient("abc"));
        }
    }

    #[test]
    fn of_two_tokens_none_counts() {
        for twice in [AUTHORIZATION, X_ACCESS_TOKEN] {
            let value = |token| format!("{}{token}", if twice == AUTHORIZATION { "Bearer " } else { "" });
            let found = headers(&[(twice.clone(), &value("a")), (twice.clone(), &value("b"))]);
            assert_eq!(find(&found), Credential::Unreadable, "{twice}");
        }
        for bad in ["", " "] {
            assert_eq!(
                find(&headers(&[
                    (X_ACCESS_TOKEN, bad),
                    (COOKIE, "accessToken=ambient")
                ])),
                Credential::Unreadable
            );
        }
        let both = headers(&[(AUTHORIZATION, "Bearer a"), (X_ACCESS_TOKEN, "b")]);
        assert_eq!(find(&both), Credential::Explicit("a"));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let found = headers(&[(COOKIE, "a=b; accessToken=x.y.z; refreshToken=r")]);
        assert_eq!(find(&found), Credential::Ambient("x.y.z"));
        assert_eq!(cookie(&found, "refreshToken"), Some("r"));
        assert_eq!(
            find(&headers(&[(COOKIE, "accessToken=; other")])),
            Credential::None
        );
        assert_eq!(find(&HeaderMap::new()), Credential::None);
    }
}
