//! E-mail addresses.

use crate::fault::Flaw;
use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An address that mail can be sent to: RFC 5321, in lower case, at most 254 bytes.
///
/// Lower case throughout: the local part is case-sensitive by the letter of the RFC, and nowhere in
/// practice; two accounts that differ only in case would be a trap.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Makes an address of outside text.
    ///
    /// # Errors
    /// `FORMAT` when it is no address.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let refused = || Flaw::new("FORMAT", "must be an e-mail address");
        let text = text.trim();
        if text.len() > 254
            || text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '"')
        {
            return Err(refused());
        }
        let options = Options::default().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(text, options).map_err(|_| refused())?;
        Ok(Self(text.to_lowercase()))
    }

    /// An address that was stored, and therefore checked before.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_edges_do_not_make_another_account() {
        assert_eq!(
            Email::parse(" Ann@Example.COM ").unwrap().as_str(),
            "ann@example.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "a b@example.com",
            "Ann <ann@example.com>",
            "ann@[127.0.0.1]",
            "a\n@b.co",
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
