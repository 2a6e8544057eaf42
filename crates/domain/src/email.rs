//! E-mail addresses.

use crate::host::HostName;
use crate::text;
use crate::validation::Invalid;
use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Maximum octets of the part before the `@` (RFC 5321, 4.5.3.1.1).
const LOCAL: usize = 64;
/// Maximum octets of an address as it is sent (RFC 5321, 4.5.3.1.3, without the brackets).
const ADDRESS: usize = 254;

/// An address that mail can be sent to (RFC 5321, RFC 6531), in the one normalized form that identifies the account.
///
/// The part before the `@` is in Unicode normalization form KC and in small letters: RFC 5321 makes it case-sensitive,
/// but no provider does in practice, and two accounts that differ only in case or width would be a trap. The domain is a
/// host name by UTS 46, stored in its readable form ([`HostName::shown`]) and sent in A-labels ([`Email::sent`]). An
/// address that mixes alphabets whose letters look alike, or that looks like a Latin one, is refused
/// ([`text::is_misleading`]).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses an address from untrusted text. Lengths count in the form that is sent.
    ///
    /// # Errors
    /// `FORMAT` when it is not an address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::read(text.trim()).ok_or_else(|| Invalid::new("FORMAT", "must be an e-mail address"))
    }

    fn read(text: &str) -> Option<Self> {
        let (local, domain) = text.rsplit_once('@')?;
        // No form of a longer one fits: each character of form C comes from at most four.
        if local.chars().nth(LOCAL * 4).is_some() {
            return None;
        }
        let host = HostName::parse(domain)?;
        let local = small(local);
        let unfit = |c: char| c.is_control() || c.is_whitespace() || c == '"' || text::is_invisible(c);
        let sent = format!("{local}@{}", host.ascii());
        if local.len() > LOCAL || sent.len() > ADDRESS || local.chars().any(unfit) {
            return None;
        }
        if text::is_misleading(&local) || host.shown().split('.').any(text::is_misleading) {
            return None;
        }
        let options = Options::default().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&sent, options).ok()?;
        Some(Self(format!("{local}@{}", host.shown())))
    }

    /// An address read from the database, where only checked addresses are stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The address in its readable form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as it is sent: the domain in A-labels, so that only a part before the `@` outside of ASCII needs a
    /// server with SMTPUTF8 (RFC 6531).
    pub fn sent(&self) -> Cow<'_, str> {
        match self.0.rsplit_once('@') {
            Some((local, domain)) if !domain.is_ascii() => {
                let host = HostName::parse(domain);
                host.map_or(Cow::Borrowed(&*self.0), |host| {
                    Cow::Owned(format!("{local}@{}", host.ascii()))
                })
            }
            _ => Cow::Borrowed(&self.0),
        }
    }
}

/// The part before the `@` in its one form: compatible characters are equal, and so are a letter's cases (the simple
/// case folding of Unicode, which keeps `ß` apart from `ss`: they are letters of different mailboxes).
fn small(local: &str) -> String {
    let lower = text::compatible(local).to_lowercase();
    // The small sigma has a form of its own at the end of a word.
    let folded = lower.replace('\u{3c2}', "\u{3c3}");
    text::compatible(&folded).into_owned()
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
    fn two_spellings_of_one_address_are_one_account() {
        for (spelled, kept, sent) in [
            ("x@Bücher.example", "x@bücher.example", "x@xn--bcher-kva.example"),
            (
                "x@xn--bcher-kva.example",
                "x@bücher.example",
                "x@xn--bcher-kva.example",
            ),
            ("A@ⓔxample.test", "a@example.test", "a@example.test"),
            (
                "ＡＮＮ@ｅｘａｍｐｌｅ．ｔｅｓｔ",
                "ann@example.test",
                "ann@example.test",
            ),
            ("ⓐⓝⓝ@example.test", "ann@example.test", "ann@example.test"),
            ("ΝΊΚΟΣ@example.test", "νίκοσ@example.test", "νίκοσ@example.test"),
            ("νίκος@example.test", "νίκοσ@example.test", "νίκοσ@example.test"),
            (
                "STRAẞE@example.test",
                "straße@example.test",
                "straße@example.test",
            ),
            ("\u{212a}im@example.test", "kim@example.test", "kim@example.test"),
            (
                "JOSE\u{301}@example.test",
                "josé@example.test",
                "josé@example.test",
            ),
        ] {
            let email = Email::parse(spelled).unwrap();
            assert_eq!((email.as_str(), &*email.sent()), (kept, sent), "{spelled}");
            assert_eq!(Email::parse(kept), Ok(email), "{spelled}");
        }
    }

    #[test]
    fn an_address_that_passes_for_another_is_refused() {
        for bad in [
            "аnn@example.test",
            "раураl@example.test",
            "ann@exаmple.test",
            "ann@раураl.test",
            "ann@раура.test",
            "ехо@example.test",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "иван@пример.test",
            "иван@example.test",
            "δοκιμή@example.test",
            "山田@example.test",
        ] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn limits_hold_after_folding() {
        // In lower case, the letter has three bytes instead of two.
        let grown = |count: usize| format!("{}@example.com", "Ⱥ".repeat(count));
        assert!(Email::parse(&grown(21)).is_ok());
        assert!(Email::parse(&grown(22)).is_err());
        assert!(Email::parse(&grown(29)).is_err());
        let local = |count: usize| Email::parse(&format!("{}@example.com", "a".repeat(count)));
        assert!(local(64).is_ok() && local(65).is_err());
        // The domain's length counts in the form that is sent.
        let labels = |count: usize| Email::parse(&format!("a@{}", vec!["ü".repeat(50); count].join(".")));
        assert!(labels(3).is_ok() && labels(5).is_err());
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
            "a@127.0.0.1",
            "a@１２７.0.0.1",
            "a@[::1]",
            "a@-b.example",
            "a@b_c.example",
            "a@b..example",
            "a@example.",
            "a@b@example.com",
            "a\u{200b}@example.com",
            "a\u{202e}b@example.com",
            "\u{3164}@example.com",
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }
}
