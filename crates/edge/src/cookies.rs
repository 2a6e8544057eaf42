//! Cookies that carry the tokens of browsers.

use crate::credential;
use axum::extract::FromRequestParts;
use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, Expiration, SameSite};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::Secret;
use std::convert::Infallible;

/// Cookie of the access token: its name, path (all) and `SameSite`.
const ACCESS: (&str, &str, SameSite) = ("accessToken", "/", SameSite::Lax);
/// Cookie of the refresh token; sent to `/api/auth` only, and never with a cross-site request.
const REFRESH: (&str, &str, SameSite) = ("refreshToken", "/api/auth", SameSite::Strict);

/// Cookie of the secret by which a browser is recognised that asked for a link by mail; sent to `/api/auth` only.
const BROWSER: (&str, &str, SameSite) = ("signInBrowser", "/api/auth", SameSite::Strict);

/// A pair of tokens, each with its expiry.
#[derive(Clone, Copy)]
pub struct TokenPair<'t> {
    /// The access token and its expiry.
    pub access: (&'t str, Timestamp),
    /// The refresh token and its expiry.
    pub refresh: (&'t str, Timestamp),
}

/// Sets both cookies, `HttpOnly` so that scripts cannot read them. `secure`: for encrypted connections only.
pub fn set(headers: &mut HeaderMap, tokens: TokenPair<'_>, secure: bool) {
    put(headers, ACCESS, Some(tokens.access), secure);
    put(headers, REFRESH, Some(tokens.refresh), secure);
}

/// Deletes both cookies in the browser.
pub fn clear(headers: &mut HeaderMap, secure: bool) {
    put(headers, ACCESS, None, secure);
    put(headers, REFRESH, None, secure);
}

/// Sets the cookie of a browser that asked for a link by mail.
pub fn set_browser(headers: &mut HeaderMap, secret: &Secret<String>, until: Timestamp, secure: bool) {
    put(headers, BROWSER, Some((secret.expose(), until)), secure);
}

/// The secret of a browser that asked for a link by mail, from the request's cookie, if any.
#[derive(Clone, Default)]
pub struct BrowserCookie(pub Option<Secret<String>>);

impl<S: Sync> FromRequestParts<S> for BrowserCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let secret = credential::cookie(&parts.headers, BROWSER.0);
        Ok(Self(secret.map(|secret| Secret::new(secret.to_owned()))))
    }
}

/// The refresh token from the request's cookie, if any.
#[derive(Clone, Default)]
pub struct RefreshCookie(pub Option<Secret<String>>);

impl<S: Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let token = credential::cookie(&parts.headers, REFRESH.0);
        Ok(Self(token.map(|token| Secret::new(token.to_owned()))))
    }
}

fn put(
    headers: &mut HeaderMap,
    (name, path, same_site): (&str, &str, SameSite),
    token: Option<(&str, Timestamp)>,
    secure: bool,
) {
    let (value, until) = token.map_or(("", None), |(token, until)| (token, Some(until)));
    let mut cookie = Cookie::build((name, value))
        .path(path)
        .http_only(true)
        .secure(secure)
        .same_site(same_site)
        .build();
    match until.map(|until| OffsetDateTime::from_unix_timestamp(until.seconds())) {
        Some(Ok(until)) => cookie.set_expires(Expiration::from(until)),
        Some(Err(_)) => {}
        None => cookie.set_max_age(Duration::ZERO),
    }
    // Tokens are base64url and dots, so this cannot fail.
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_cookie_lines(fill: impl FnOnce(&mut HeaderMap)) -> Vec<String> {
        let mut headers = HeaderMap::new();
        fill(&mut headers);
        headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn scripts_and_foreign_pages_do_not_get_at_them() {
        let until = Timestamp::from_seconds(1_800_000_000);
        let tokens = TokenPair {
            access: ("a.b.c", until),
            refresh: ("r", until),
        };
        assert_eq!(
            set_cookie_lines(|headers| set(headers, tokens, true)),
            [
                "accessToken=a.b.c; HttpOnly; SameSite=Lax; Secure; Path=/; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
                "refreshToken=r; HttpOnly; SameSite=Strict; Secure; Path=/api/auth; Expires=Fri, 15 Jan 2027 08:00:00 GMT"
            ]
        );
        assert_eq!(
            set_cookie_lines(|headers| clear(headers, false)),
            [
                "accessToken=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0",
                "refreshToken=; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=0"
            ]
        );
    }
}
