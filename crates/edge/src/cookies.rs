//! Cookies that carry the tokens of browsers.

use crate::route_state::RouteState;
use axum::extract::FromRequestParts;
use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, Expiration, SameSite};
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_domain::time::Timestamp;
use mainstay_platform::config::Secret;
use std::convert::Infallible;

/// A cookie: where browsers send it, and how it is called.
#[derive(Clone, Copy)]
struct CookieKind {
    /// Its name on connections that are not encrypted: for development.
    plain: &'static str,
    /// Its name everywhere else. Browsers accept a name with `__Host-` or `__Secure-` only from the server itself over an
    /// encrypted connection, so that no other host of the domain can plant one (RFC 6265bis, 4.1.3).
    prefixed: &'static str,
    path: &'static str,
    same_site: SameSite,
}

/// The access token: for all paths.
const ACCESS: CookieKind = CookieKind {
    plain: "accessToken",
    prefixed: "__Host-accessToken",
    path: "/",
    same_site: SameSite::Lax,
};
/// The refresh token: for `/api/auth` only, which `__Host-` does not allow, and never with a cross-site request.
const REFRESH: CookieKind = CookieKind {
    plain: "refreshToken",
    prefixed: "__Secure-refreshToken",
    path: "/api/auth",
    same_site: SameSite::Strict,
};
/// What recognises the browser at the next sign-in. It proves nothing about its user. Also sent when an identity provider
/// leads back.
const DEVICE: CookieKind = CookieKind {
    plain: "device",
    prefixed: "__Secure-device",
    path: "/api/auth",
    same_site: SameSite::Lax,
};

/// The secret of a browser that asked for a link by mail, to which the link is bound.
const LINK: CookieKind = CookieKind {
    plain: "signInBrowser",
    prefixed: "__Secure-signInBrowser",
    path: "/api/auth",
    same_site: SameSite::Strict,
};
/// The secret of a browser that went to an identity provider, which leads back by a link of another site. `__Host-` demands
/// the path `/`.
const PROVIDER: CookieKind = CookieKind {
    plain: "browser",
    prefixed: "__Host-browser",
    path: "/",
    same_site: SameSite::Lax,
};

/// How long a browser is recognised after it last signed in; browsers keep no cookie longer (RFC 6265bis, 5.5).
const DEVICE_LIFETIME: Duration = Duration::days(400);

impl CookieKind {
    const fn name(self, secure: bool) -> &'static str {
        if secure { self.prefixed } else { self.plain }
    }
}

/// The access token from the request's cookie.
pub(crate) fn access_token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookie(headers, ACCESS.name(secure))
}

/// What recognises the browser, from the request's cookie.
pub(crate) fn device(headers: &HeaderMap, secure: bool) -> Option<Secret<String>> {
    secret(headers, DEVICE, secure)
}

/// A pair of tokens, each with its expiry.
#[derive(Clone, Copy)]
pub struct TokenPair<'t> {
    /// The access token and its expiry.
    pub access: (&'t str, Timestamp),
    /// The refresh token and its expiry.
    pub refresh: (&'t str, Timestamp),
}

/// The value of a cookie; `None` when it is absent or empty, and when there is more than one of its name: another host of
/// the domain may have planted one, and the server cannot see which.
pub(crate) fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let all = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let mut named = all.filter(|cookie| cookie.name() == name);
    let first = named.next()?;
    let is_only = named.next().is_none();
    first.value_raw().filter(|value| is_only && !value.is_empty())
}

/// Sets both cookies, `HttpOnly` so that scripts cannot read them. `secure`: for encrypted connections only.
pub fn set(headers: &mut HeaderMap, tokens: TokenPair<'_>, secure: bool) {
    put(headers, ACCESS, Some(tokens.access), secure);
    put(headers, REFRESH, Some(tokens.refresh), secure);
}

/// Sets the cookie that recognises the browser at its next sign-in. Signing out does not delete it.
pub fn set_device(headers: &mut HeaderMap, token: &str, secure: bool) {
    let mut cookie = build(DEVICE, token, secure);
    cookie.set_max_age(DEVICE_LIFETIME);
    append(headers, &cookie);
}

/// Deletes both cookies in the browser.
pub fn clear(headers: &mut HeaderMap, secure: bool) {
    put(headers, ACCESS, None, secure);
    put(headers, REFRESH, None, secure);
}

/// Sets the cookie of a browser that asked for a link by mail.
pub fn set_link_browser(headers: &mut HeaderMap, secret: &Secret<String>, until: Timestamp, secure: bool) {
    put(headers, LINK, Some((secret.expose(), until)), secure);
}

/// Sets the cookie of a browser that goes to an identity provider.
pub fn set_provider_browser(
    headers: &mut HeaderMap,
    secret: &Secret<String>,
    until: Timestamp,
    secure: bool,
) {
    put(headers, PROVIDER, Some((secret.expose(), until)), secure);
}

/// Declares extractors of single cookies. Where cookies are secure, only the prefixed name is read: another host of the
/// domain can plant the plain one.
macro_rules! cookie_extractors {
    ($($(#[$doc:meta])* $name:ident of $kind:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name(pub Option<Secret<String>>);

        impl FromRequestParts<RouteState> for $name {
            type Rejection = Infallible;

            async fn from_request_parts(parts: &mut Parts, route_state: &RouteState) -> Result<Self, Infallible> {
                Ok(Self(secret(&parts.headers, $kind, route_state.options().secure_cookies)))
            }
        }
    )*};
}

cookie_extractors! {
    /// The secret of a browser that asked for a link by mail, from the request's cookie, if any.
    LinkBrowser of LINK;
    /// The secret of a browser that went to an identity provider, from the request's cookie, if any.
    ProviderBrowser of PROVIDER;
    /// The refresh token from the request's cookie, if any.
    RefreshCookie of REFRESH;
}

fn secret(headers: &HeaderMap, kind: CookieKind, secure: bool) -> Option<Secret<String>> {
    let value = cookie(headers, kind.name(secure))?;
    Some(Secret::new(value.to_owned()))
}

fn put(headers: &mut HeaderMap, kind: CookieKind, token: Option<(&str, Timestamp)>, secure: bool) {
    let (value, until) = token.map_or(("", None), |(token, until)| (token, Some(until)));
    let mut cookie = build(kind, value, secure);
    match until.map(|until| OffsetDateTime::from_unix_timestamp(until.seconds())) {
        Some(Ok(until)) => cookie.set_expires(Expiration::from(until)),
        Some(Err(_)) => {}
        None => cookie.set_max_age(Duration::ZERO),
    }
    append(headers, &cookie);
}

fn build(kind: CookieKind, value: &str, secure: bool) -> Cookie<'_> {
    Cookie::build((kind.name(secure), value))
        .path(kind.path)
        .http_only(true)
        .secure(secure)
        .same_site(kind.same_site)
        .build()
}

fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    // Tokens are base64url and dots, so this cannot fail.
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

/// Entry point of a fuzz target (`fuzz/`); compiled for it alone.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::{ACCESS, Cookie, DEVICE, HeaderMap, LINK, PROVIDER, REFRESH, cookie};
    use http::header::COOKIE;

    /// Reads every cookie. One that counts is the only one of its name, under each of the two names alike.
    pub fn cookies(headers: &HeaderMap) {
        for kind in [ACCESS, REFRESH, DEVICE, LINK, PROVIDER] {
            for name in [kind.name(false), kind.name(true)] {
                let Some(value) = cookie(headers, name) else {
                    continue;
                };
                assert!(!value.is_empty() && !value.contains(';'));
                assert_eq!(count(headers, name), 1, "{name}");
                assert!(Cookie::new(name, value).to_string().starts_with(name));
            }
        }
    }

    fn count(headers: &HeaderMap, name: &str) -> usize {
        let lines = headers.get_all(COOKIE).iter();
        let texts = lines.filter_map(|line| line.to_str().ok());
        let pairs = texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.split_once('='));
        pairs.filter(|(given, _)| given.trim() == name).count()
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
                "__Host-accessToken=a.b.c; HttpOnly; SameSite=Lax; Secure; Path=/; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
                "__Secure-refreshToken=r; HttpOnly; SameSite=Strict; Secure; Path=/api/auth; Expires=Fri, 15 Jan 2027 08:00:00 GMT"
            ]
        );
        assert_eq!(
            set_cookie_lines(|headers| clear(headers, false)),
            [
                "accessToken=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0",
                "refreshToken=; HttpOnly; SameSite=Strict; Path=/api/auth; Max-Age=0"
            ]
        );
        assert_eq!(
            set_cookie_lines(|headers| set_device(headers, "d", true)),
            ["__Secure-device=d; HttpOnly; SameSite=Lax; Secure; Path=/api/auth; Max-Age=34560000"]
        );
        let browser = Secret::new("mbr_x".to_owned());
        let both = |secure| {
            set_cookie_lines(|headers| {
                set_provider_browser(headers, &browser, until, secure);
                set_link_browser(headers, &browser, until, secure);
            })
        };
        assert_eq!(
            both(true),
            [
                "__Host-browser=mbr_x; HttpOnly; SameSite=Lax; Secure; Path=/; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
                "__Secure-signInBrowser=mbr_x; HttpOnly; SameSite=Strict; Secure; Path=/api/auth; Expires=Fri, 15 Jan 2027 08:00:00 GMT"
            ]
        );
        assert_eq!(
            both(false),
            [
                "browser=mbr_x; HttpOnly; SameSite=Lax; Path=/; Expires=Fri, 15 Jan 2027 08:00:00 GMT",
                "signInBrowser=mbr_x; HttpOnly; SameSite=Strict; Path=/api/auth; Expires=Fri, 15 Jan 2027 08:00:00 GMT"
            ]
        );
    }

    #[test]
    fn trap_15_where_cookies_are_secure_a_planted_plain_one_is_not_read() {
        for kind in [ACCESS, REFRESH, DEVICE, LINK, PROVIDER] {
            let read = |line: &str, secure| {
                let headers = [(COOKIE, line.parse().unwrap())].into_iter().collect();
                secret(&headers, kind, secure).map(|secret| secret.expose().clone())
            };
            let planted = format!("{}=planted", kind.plain);
            assert_eq!(read(&planted, true), None);
            let both = format!("{planted}; {}=own", kind.prefixed);
            assert_eq!(read(&both, true).as_deref(), Some("own"));
            assert_eq!(read(&planted, false).as_deref(), Some("planted"));
        }
    }
}
