//! Rules for new passwords (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2).

use crate::text;
use crate::validation::Invalid;
use std::borrow::Cow;

/// Minimum length, in characters.
pub const FEWEST: usize = 8;
/// Maximum length, in characters; a longer password costs no more to hash, but more to read.
pub const MAX_CHARS: usize = 128;

/// The passwords that attackers try first. Compared in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// The password in the form in which it is hashed, whatever keyboard it was typed on: spaces of any width become
/// ASCII spaces, and the rest is in Unicode normalization form C (RFC 8265, 4.2, `OpaqueString`; NIST SP 800-63B-4,
/// 3.1.1.2). A password that is too long in any form stays unchanged.
pub fn prepared(password: &str) -> Cow<'_, str> {
    if password.is_ascii() || password.chars().nth(MAX_CHARS * 4).is_some() {
        return Cow::Borrowed(password);
    }
    let is_space = |c: char| c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let spaced: String = password
        .chars()
        .map(|c| if is_space(c) { ' ' } else { c })
        .collect();
    Cow::Owned(text::normalized(&spaced).into_owned())
}

/// Checks a new password. There is no rule about kinds of characters: only the length counts, in the form that is
/// hashed.
///
/// # Errors
/// `LENGTH`, or `COMMON` for one that attackers try first.
pub fn check_new(password: &str, email: Option<&str>) -> Result<(), Invalid> {
    let password = prepared(password);
    let length = password.chars().count();
    if !(FEWEST..=MAX_CHARS).contains(&length) {
        return Err(Invalid::new(
            "LENGTH",
            format!("must be {FEWEST} to {MAX_CHARS} characters"),
        ));
    }
    let folded = text::folded(&password);
    let is_address = email.is_some_and(|email| folded == text::folded(email));
    let one_letter = folded.chars().all(|c| folded.starts_with(c));
    if is_address || one_letter || COMMON.lines().any(|common| common == folded) {
        return Err(Invalid::new(
            "COMMON",
            "is one of the first that an attacker would guess",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_common_ones_are_refused() {
        assert!(check_new("correct horse battery", None).is_ok());
        for bad in [
            "short",
            "password",
            "PassWord1",
            "ｐａｓｓｗｏｒｄ",
            "aaaaaaaaaa",
            &"x1".repeat(65),
        ] {
            assert!(check_new(bad, None).is_err(), "{bad}");
        }
        assert!(check_new("ann@example.com", Some("Ann@example.com")).is_err());
    }

    #[test]
    fn every_keyboard_types_the_same_password() {
        assert_eq!(
            prepared("cre\u{300}me bru\u{302}le\u{301}e"),
            prepared("crème\u{a0}brûlée")
        );
        assert_eq!(prepared(" plain  "), " plain  ");
        assert_ne!(prepared("Crème"), prepared("crème"));
        assert_eq!(check_new(&"e\u{301}".repeat(7), None).unwrap_err().code, "LENGTH");
        let longest = "e\u{301}a".repeat(MAX_CHARS / 2);
        assert!(check_new(&longest, None).is_ok());
        assert!(check_new(&"e\u{301}".repeat(10_000), None).is_err());
    }
}
