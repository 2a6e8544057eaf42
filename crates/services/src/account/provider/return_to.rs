//! Where a browser is sent after it has been at an identity provider.

use mainstay_domain::error::Code;
use mainstay_domain::validation::Invalid;
use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address, in bytes.
const MAX_BYTES: usize = 2048;

/// A path of this server, or an address at an allowed origin: nothing else, or the server would be an open redirector
/// (CWE-601). It has no fragment, which carries the token of a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnTo(String);

impl Default for ReturnTo {
    /// The root of this server.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl ReturnTo {
    /// Parses untrusted text: a path that begins with one `/`, or an address at one of the origins.
    ///
    /// Browsers read `\` as `/`, ignore control characters, and take `//host` and `https:host` for other hosts (WHATWG
    /// URL), so none of these is accepted, and the rest is compared after it was parsed by the same standard.
    ///
    /// # Errors
    /// `FORMAT`.
    pub fn parse(text: &str, own_origin: &str, origins: &[String]) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "FORMAT",
                "must be a path such as /account, or an address at an allowed origin",
            )
        };
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '#' | '"' | '<' | '>' | '`');
        if text.is_empty() || text.len() > MAX_BYTES || !text.chars().all(is_plain) {
            return Err(invalid());
        }
        let own = Url::parse(own_origin).map_err(|_unparsable| invalid())?;
        if text.starts_with('/') {
            let url = own.join(text).map_err(|_unparsable| invalid())?;
            // Also as it is sent: `/.//host` is normalised to `//host`, which browsers read as another site.
            let kept = path(&url);
            let stays =
                ![text, &kept].iter().any(|path| path.starts_with("//")) && url.origin() == own.origin();
            return stays.then_some(Self(kept)).ok_or_else(invalid);
        }
        let is_spelled_out = text.starts_with("https://") || text.starts_with("http://");
        let url = Url::parse(text).map_err(|_unparsable| invalid())?;
        let origin = url.origin();
        let is_allowed = origin == own.origin()
            || origins
                .iter()
                .filter_map(|allowed| Url::parse(allowed).ok())
                .any(|allowed| allowed.origin() == origin);
        let is_bare = url.username().is_empty() && url.password().is_none();
        (is_spelled_out && is_allowed && is_bare)
            .then(|| Self(url.into()))
            .ok_or_else(invalid)
    }

    /// The address as it goes into `Location`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same with `error=CODE` in the query.
    pub fn with_error(&self, code: Code) -> String {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{separator}error={}", self.0, code.as_str())
    }

    /// The same with a fragment, which browsers send to no server and no `Referer` repeats.
    pub fn with_fragment(&self, parameters: &[(&str, &str)]) -> String {
        let mut fragment = url::form_urlencoded::Serializer::new(String::new());
        fragment.extend_pairs(parameters);
        format!("{}#{}", self.0, fragment.finish())
    }
}

/// Path and query.
fn path(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://shop.example";

    fn parse(text: &str) -> Option<String> {
        let origins = [
            "https://app.example".to_owned(),
            "http://localhost:5173".to_owned(),
        ];
        ReturnTo::parse(text, OWN, &origins).ok().map(|good| good.0)
    }

    #[test]
    fn paths_and_allowed_origins_are_good() {
        for (text, kept) in [
            ("/", "/"),
            ("/account?tab=1&x=%20", "/account?tab=1&x=%20"),
            ("/a/../b", "/b"),
            ("https://app.example/back", "https://app.example/back"),
            ("https://APP.example:443", "https://app.example/"),
            ("http://localhost:5173/x", "http://localhost:5173/x"),
            ("https://shop.example/x", "https://shop.example/x"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(kept), "{text}");
        }
    }

    #[test]
    fn nothing_leads_to_another_site() {
        for text in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https:\\\\evil.example",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://app.example@evil.example/",
            "https://user@app.example/",
            "http://app.example/",
            "https://app.example:8443/",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.example",
            "@evil.example",
            "/a#b",
            "/\u{202e}",
            "/é",
            "/a\r\nSet-Cookie: x=y",
            "/\0",
            "//",
            "/./\\evil.example",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(2048))), None);
        // What is a path stays one after it was normalised.
        for text in ["/.//evil.example", "/a/..//evil.example", "/%2e//evil.example"] {
            assert!(parse(text).is_none_or(|kept| !kept.starts_with("//")), "{text}");
        }
    }

    #[test]
    fn errors_and_tokens_are_added_where_they_belong() {
        let to = |text: &str| ReturnTo::parse(text, OWN, &[]).unwrap();
        assert_eq!(to("/a").with_error(Code::Conflict), "/a?error=CONFLICT");
        assert_eq!(to("/a?b=c").with_error(Code::Conflict), "/a?b=c&error=CONFLICT");
        let fragment = to("/a?b").with_fragment(&[("mfaToken", "msf_x"), ("methods", "totp,passkey")]);
        assert_eq!(fragment, "/a?b#mfaToken=msf_x&methods=totp%2Cpasskey");
    }
}
