//! The parameters with which a provider sends the browser back.

use mainstay_domain::validation::ValidationErrors;
use mainstay_platform::config::Secret;
use std::fmt;
use url::form_urlencoded;

/// The longest value of a parameter, in bytes. Some providers put signed tokens into the code.
const MAX_BYTES: usize = 8192;

/// The parameters of an authorization response (RFC 6749, 4.1.2; RFC 9207). Its `Debug` output hides them.
#[derive(Clone, Default)]
pub struct CallbackParams {
    /// The state of the request.
    pub state: Option<Secret<String>>,
    /// The authorization code; absent when the provider refused.
    pub code: Option<Secret<String>>,
    /// The issuer, if the provider names it.
    pub issuer: Option<String>,
    /// Why the provider refused, such as `access_denied`.
    pub error: Option<String>,
}

impl CallbackParams {
    /// Reads a query string. Parameters of no meaning here are ignored (RFC 6749, 4.1.2); one that counts must not occur
    /// twice (3.1), because two parsers could disagree on which value counts.
    ///
    /// # Errors
    /// `DUPLICATE` or `LENGTH`.
    pub fn parse(query: &str) -> Result<Self, ValidationErrors> {
        let (mut params, mut errors) = (Self::default(), ValidationErrors::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !matches!(&*name, "state" | "code" | "iss" | "error") {
                continue;
            }
            if value.len() > MAX_BYTES {
                errors.add(&*name, "LENGTH", "is too long");
                continue;
            }
            let text = value.into_owned();
            let was_there = match &*name {
                "state" => params.state.replace(Secret::new(text)).is_some(),
                "code" => params.code.replace(Secret::new(text)).is_some(),
                "iss" => params.issuer.replace(text).is_some(),
                _ => params.error.replace(text).is_some(),
            };
            if was_there {
                errors.add(&*name, "DUPLICATE", "is given more than once");
            }
        }
        errors.check()?;
        Ok(params)
    }
}

impl fmt::Debug for CallbackParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackParams(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_read_and_the_rest_is_ignored() {
        let query = "code=a%20b&state=s&iss=https%3A%2F%2Fidp&session_state=x&scope=openid&scope=email";
        let params = CallbackParams::parse(query).unwrap();
        assert_eq!(params.code.unwrap().expose(), "a b");
        assert_eq!(params.state.unwrap().expose(), "s");
        assert_eq!(params.issuer.as_deref(), Some("https://idp"));
        assert!(CallbackParams::parse("").unwrap().state.is_none());
    }

    #[test]
    fn of_two_values_none_counts() {
        for name in ["state", "code", "iss", "error"] {
            let errors = CallbackParams::parse(&format!("{name}=a&{name}=b")).unwrap_err();
            assert_eq!(errors.list()[0].path, name);
        }
        let long = format!("code={}", "a".repeat(MAX_BYTES + 1));
        assert_eq!(CallbackParams::parse(&long).unwrap_err().list()[0].code, "LENGTH");
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let params = CallbackParams::parse("code=hunter2&state=hunter2").unwrap();
        assert!(!format!("{params:?}").contains("hunter2"));
    }
}
