//! Short pieces of text with a length and no control characters.

use crate::fault::Flaw;

/// Trims, and refuses what is empty, too long (counted in characters) or holds control characters.
///
/// # Errors
/// `REQUIRED`, `LENGTH` or `FORMAT`.
pub fn line(text: &str, most: usize) -> Result<String, Flaw> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Flaw::new("REQUIRED", "must not be empty"));
    }
    bounded(text, most, |c| c.is_control())
}

/// Like [`line`], but may be empty and may hold line breaks and tabs.
///
/// # Errors
/// `LENGTH` or `FORMAT`.
pub fn paragraph(text: &str, most: usize) -> Result<String, Flaw> {
    bounded(text.trim(), most, |c| {
        c.is_control() && !matches!(c, '\n' | '\r' | '\t')
    })
}

fn bounded(text: &str, most: usize, refused: impl Fn(char) -> bool) -> Result<String, Flaw> {
    if text.chars().nth(most).is_some() {
        return Err(Flaw::new("LENGTH", format!("must be at most {most} characters")));
    }
    if text.chars().any(refused) {
        return Err(Flaw::new("FORMAT", "must not contain control characters"));
    }
    Ok(text.to_owned())
}
