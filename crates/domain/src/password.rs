//! Rules for new passwords (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2).

mod frequent;
mod own_words;

use crate::text;
use crate::validation::Invalid;
use std::borrow::Cow;

/// The least minimum length that a deployment may choose, in characters.
pub const FEWEST: usize = 8;
/// The greatest minimum length that a deployment may choose, in characters.
pub const MOST_FEWEST: usize = 64;
/// Maximum length, in characters; a longer password costs no more to hash, but more to read.
pub const MAX_CHARS: usize = 256;

/// The password in the form in which it is hashed, whatever keyboard it was typed on: spaces of any width become
/// ASCII spaces (RFC 8265, 4.2, `OpaqueString`), and the rest is in Unicode normalization form KC (NIST SP 800-63B-4,
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
    Cow::Owned(text::compatible(&spaced).into_owned())
}

/// Checks a new password of an account whose `own` texts are its address and the name of its holder. There is no rule
/// about kinds of characters: only the length counts, in the form that is hashed.
///
/// # Errors
/// `LENGTH`, or `COMMON` for one that attackers try first.
pub fn check_new(password: &str, own: &[&str]) -> Result<(), Invalid> {
    let password = prepared(password);
    check_length(&password, FEWEST)?;
    let folded = text::folded(&password);
    if frequent::is_common(&folded) || own_words::is_made_of(&folded, own) {
        return Err(Invalid::new(
            "COMMON",
            "is one of the first that an attacker would guess",
        ));
    }
    Ok(())
}

/// Checks the length of a password in the form that is hashed; a deployment chooses its own minimum.
///
/// # Errors
/// `LENGTH`.
pub fn check_length(prepared: &str, fewest: usize) -> Result<(), Invalid> {
    let length = prepared.chars().count();
    if (fewest..=MAX_CHARS).contains(&length) {
        return Ok(());
    }
    Err(Invalid::new(
        "LENGTH",
        format!("must be {fewest} to {MAX_CHARS} characters"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_common_ones_are_refused() {
        assert!(check_new("correct horse battery", &[]).is_ok());
        for bad in [
            "short",
            "password",
            "PassWord1!",
            "ｐａｓｓｗｏｒｄ",
            "ⓟⓐⓢⓢⓦⓞⓡⓓ",
            "aaaaaaaaaa",
            &"x1".repeat(129),
        ] {
            assert!(check_new(bad, &[]).is_err(), "{bad}");
        }
        assert!(check_new("ann@example.com", &["Ann@example.com"]).is_err());
        assert!(check_new("Annabel2026", &["ann@example.com", "Annabel"]).is_err());
    }

    #[test]
    fn every_keyboard_types_the_same_password() {
        assert_eq!(
            prepared("cre\u{300}me bru\u{302}le\u{301}e"),
            prepared("crème\u{a0}brûlée")
        );
        assert_eq!(prepared("ｗｉｄｅ\u{3000}ﬁeld"), prepared("wide field"));
        assert_eq!(prepared(" plain  "), " plain  ");
        assert_ne!(prepared("Crème"), prepared("crème"));
        assert_eq!(check_new(&"e\u{301}".repeat(7), &[]).unwrap_err().code, "LENGTH");
        let longest: String = ('\u{4e00}'..).step_by(3).take(MAX_CHARS).collect();
        assert!(check_new(&longest, &[]).is_ok());
        assert_eq!(check_new(&format!("{longest}x"), &[]).unwrap_err().code, "LENGTH");
        assert!(check_new(&"e\u{301}".repeat(10_000), &[]).is_err());
        // One character that becomes eighteen.
        assert_eq!(check_new(&"\u{fdfa}".repeat(15), &[]).unwrap_err().code, "LENGTH");
    }
}
