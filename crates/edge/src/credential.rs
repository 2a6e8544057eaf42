//! The credential that a request carries.

use cookie::Cookie;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName};

const X_ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-access-token");

/// The credential that a request carries. Never one in the query string: those end up in logs and histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential<'r> {
    /// None at all.
    None,
    /// A token that the caller put into a header.
    Explicit(&'r str),
    /// A header that carries no token of ours. It never falls back to a cookie: whoever sends one means that one.
    Unreadable,
    /// A token that the browser sent along.
    Ambient(&'r str),
}

/// True when the caller put a token into a header. Other schemes of `Authorization` say nothing: a browser adds `Basic`,
/// `Digest` and `Negotiate` by itself, as it does cookies.
pub(crate) fn is_explicit(headers: &HeaderMap) -> bool {
    let named = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    named.and_then(bearer).is_some() || headers.contains_key(X_ACCESS_TOKEN)
}

/// Finds the credential: `Authorization: Bearer`, then `x-access-token`, then the cookie `accessToken`.
pub(crate) fn find(headers: &HeaderMap) -> Credential<'_> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let bearer = value.to_str().ok().and_then(bearer);
        return bearer.map_or(Credential::Unreadable, Credential::Explicit);
    }
    if let Some(value) = headers.get(X_ACCESS_TOKEN) {
        let token = value
            .to_str()
            .ok()
            .map(str::trim)
            .filter(|token| !token.is_empty());
        return token.map_or(Credential::Unreadable, Credential::Explicit);
    }
    cookie(headers, "accessToken").map_or(Credential::None, Credential::Ambient)
}

/// The token of `Bearer TOKEN`; the scheme is not case-sensitive (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The value of a cookie; an empty one counts as none.
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
        for bad in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(find(&both(bad)), Credential::Unreadable, "{bad}");
        }
        assert_eq!(
            find(&headers(&[(X_ACCESS_TOKEN, "abc")])),
            Credential::Explicit("abc")
        );
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
