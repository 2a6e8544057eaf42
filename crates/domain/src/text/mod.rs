//! Text of clients: normalized, bounded, and without characters that hide or reorder others.
//!
//! There are two forms. What is stored and displayed is in Unicode normalization form C ([`normalized`]), so that a
//! letter typed as one code point and the same letter composed of two are equal. What is searched is folded further
//! ([`words`]), so that case, width and ligatures do not matter.

mod alphabet;
mod characters;
mod search;

use crate::validation::Invalid;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

pub use alphabet::is_misleading;
pub use characters::is_invisible;
pub use search::{folded, words};

/// Maximum number of characters that one character in form C comes from (Unicode 16, UAX 15: the longest canonical
/// decomposition).
const DECOMPOSED: usize = 4;

/// The text in Unicode normalization form C (UAX 15). ASCII text is not copied.
pub fn normalized(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfc().collect())
}

/// The text in Unicode normalization form KC (UAX 15): also characters that only look different, such as full-width
/// ones, are equal. ASCII text is not copied.
pub fn compatible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().collect())
}

/// One line of text in form C, without white space and invisible marks at its ends. Rejects text that has no visible
/// character, is longer than `most` characters (counted in form C), or contains a character that [`paragraph`]
/// rejects, a line break or a tab.
///
/// # Errors
/// `REQUIRED`, `LENGTH` or `FORMAT`.
pub fn line(text: &str, most: usize) -> Result<String, Invalid> {
    let line = bounded(text, most, |_| false)?;
    if line.is_empty() {
        return Err(Invalid::new("REQUIRED", "must not be empty"));
    }
    if !is_visible(&line) {
        return Err(Invalid::new("REQUIRED", "must have a visible character"));
    }
    Ok(line)
}

/// Like [`line()`], but may be empty and may contain line breaks and tabs. Rejects the control characters of Unicode
/// (C0 and C1), the separators U+2028 and U+2029, and the controls that reorder only the displayed text (U+202A to
/// U+202E, U+2066 to U+2069; Unicode TR 36, 3.1).
///
/// # Errors
/// `LENGTH` or `FORMAT`.
pub fn paragraph(text: &str, most: usize) -> Result<String, Invalid> {
    let text = bounded(text, most, |c| matches!(c, '\n' | '\r' | '\t'))?;
    // A text without a visible character counts as empty.
    Ok(if is_visible(&text) { text } else { String::new() })
}

fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_invisible(c))
}

/// Trims, normalizes, and checks the length before and after and each character that `allowed` does not name.
fn bounded(text: &str, most: usize, allowed: impl Fn(char) -> bool) -> Result<String, Invalid> {
    let too_long = || Invalid::new("LENGTH", format!("must be at most {most} characters"));
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'));
    // A client cannot make the server normalize a text that is too long to fit afterwards.
    if text.chars().nth(most.saturating_mul(DECOMPOSED)).is_some() {
        return Err(too_long());
    }
    let text = normalized(text);
    if text.chars().nth(most).is_some() {
        return Err(too_long());
    }
    match text.chars().find(|c| characters::is_refused(*c) && !allowed(*c)) {
        None => Ok(text.into_owned()),
        Some(c) if c.is_control() => Err(Invalid::new(
            "FORMAT",
            format!("must not contain control characters (U+{:04X})", u32::from(c)),
        )),
        Some(c) => Err(Invalid::new(
            "FORMAT",
            format!(
                "must not contain characters that break or reorder its line (U+{:04X})",
                u32::from(c)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_one_spelling() {
        for spelled in [
            "crème",
            "cre\u{300}me",
            " crème\u{a0}",
            "\u{feff}cre\u{300}me\u{200b}",
        ] {
            assert_eq!(line(spelled, 5).as_deref(), Ok("crème"), "{spelled:?}");
        }
        assert_eq!(line("\u{1100}\u{1161}\u{11a8}", 1).as_deref(), Ok("각"));
        assert_eq!(
            line("ｗｉｄｅ", 4).as_deref(),
            Ok("ｗｉｄｅ"),
            "what looks different stays different"
        );
        assert_eq!(paragraph(" a\r\n\tb ", 9).as_deref(), Ok("a\r\n\tb"));
    }

    #[test]
    fn lengths_are_counted_in_the_form_that_is_kept() {
        let composed = "e\u{301}".repeat(10);
        assert!(line(&composed, 10).is_ok());
        assert_eq!(line(&composed, 9).unwrap_err().code, "LENGTH");
        // U+0958 is excluded from composition: it grows.
        assert_eq!(line(&"\u{958}".repeat(10), 10).unwrap_err().code, "LENGTH");
        assert_eq!(line(&"a".repeat(10_000_000), 10).unwrap_err().code, "LENGTH");
    }

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        for nothing in [
            "",
            " ",
            "\u{200b}",
            "\u{feff}",
            "\u{3164}",
            "\u{ad}\u{2060}\u{200d}",
            "\u{2800}",
            "\u{115f}\u{ffa0}",
            "\u{e0020}",
        ] {
            assert_eq!(line(nothing, 9).unwrap_err().code, "REQUIRED", "{nothing:?}");
            assert_eq!(paragraph(nothing, 9).as_deref(), Ok(""), "{nothing:?}");
        }
        // Within a text they have a meaning: a family as one emoji, a Persian plural.
        for good in ["👩\u{200d}👧", "می\u{200c}خواهم", "❤\u{fe0f}"] {
            assert_eq!(line(good, 9).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_breaks_or_reorders_a_line_is_refused() {
        for c in [
            '\0', '\u{7}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{202a}',
            '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            let text = format!("invoice{c}fdp.exe");
            for refused in [line(&text, 99), paragraph(&text, 99)] {
                let flaw = refused.unwrap_err();
                assert_eq!(flaw.code, "FORMAT", "{c:?}");
                assert!(
                    flaw.message.contains(&format!("U+{:04X}", u32::from(c))),
                    "{}",
                    flaw.message
                );
            }
        }
        for c in ['\n', '\r', '\t'] {
            assert_eq!(line(&format!("a{c}b"), 9).unwrap_err().code, "FORMAT");
        }
    }
}
