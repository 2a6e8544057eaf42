//! What a new password must be (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2).

use crate::fault::Flaw;

/// The fewest characters.
pub const FEWEST: usize = 8;
/// The most characters; hashing more costs no more, but reading it does.
pub const MOST: usize = 128;

/// The passwords tried first by everybody who guesses. Compared in small letters.
const COMMON: &str = include_str!("common_passwords.txt");

/// Checks a password that somebody wants to set. No rule about kinds of characters: length counts.
///
/// # Errors
/// `LENGTH`, or `COMMON` for one that guessers try first.
pub fn check_new(password: &str, email: Option<&str>) -> Result<(), Flaw> {
    let length = password.chars().count();
    if !(FEWEST..=MOST).contains(&length) {
        return Err(Flaw::new(
            "LENGTH",
            format!("must be {FEWEST} to {MOST} characters"),
        ));
    }
    let lower = password.to_lowercase();
    let is_address = email.is_some_and(|email| lower == email.to_lowercase());
    let one_letter = lower.chars().all(|c| lower.starts_with(c));
    if is_address || one_letter || COMMON.lines().any(|common| common == lower) {
        return Err(Flaw::new(
            "COMMON",
            "is one of the first that anybody would guess",
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
        for bad in ["short", "password", "PassWord1", "aaaaaaaaaa", &"x1".repeat(65)] {
            assert!(check_new(bad, None).is_err(), "{bad}");
        }
        assert!(check_new("ann@example.com", Some("Ann@example.com")).is_err());
    }
}
