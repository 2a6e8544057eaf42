//! The cookie that binds a browser to what it began: a sign-in by way of another site.

use crate::cookies;
use axum::extract::FromRequestParts;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_platform::config::Secret;
use std::convert::Infallible;

/// Over encrypted connections the prefix keeps other hosts of the domain, and an attacker on the network, from setting
/// it (RFC 6265bis, 4.1.3.2); it demands the path `/`.
const NAMES: [&str; 2] = ["__Host-browser", "browser"];
/// As long as what was begun can be finished.
const MAX_AGE: Duration = Duration::minutes(10);

/// The browser's secret from the request's cookie, if any. Its `Debug` output hides it.
#[derive(Debug, Clone, Default)]
pub struct BrowserCookie(pub Option<Secret<String>>);

impl<S: Sync> FromRequestParts<S> for BrowserCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = NAMES
            .into_iter()
            .find_map(|name| cookies::cookie(&parts.headers, name));
        Ok(Self(found.map(|secret| Secret::new(secret.to_owned()))))
    }
}

/// Sets the cookie. It is `Lax`, because the browser comes back by a link of another site.
pub fn set(headers: &mut HeaderMap, secret: &str, secure: bool) {
    let [host, plain] = NAMES;
    let cookie = Cookie::build((if secure { host } else { plain }, secret))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(MAX_AGE)
        .build();
    // The secret is base64url, so this cannot fail.
    if let Ok(value) = HeaderValue::try_from(cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_host_sets_it_and_no_script_reads_it() {
        let line = |secure| {
            let mut headers = HeaderMap::new();
            set(&mut headers, "mbr_x", secure);
            headers[SET_COOKIE].to_str().unwrap().to_owned()
        };
        assert_eq!(
            line(true),
            "__Host-browser=mbr_x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
        );
        assert_eq!(
            line(false),
            "browser=mbr_x; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"
        );
    }
}
