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

/// The words of a text as searches compare them: letters and digits, in small letters, each cut at 64 characters. What
/// is stored to be searched and what is searched for both go through here, so that an engine has no say in what a
/// letter is or which is its small one.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(64).flat_map(small).collect())
}

/// The small form of a letter, wherever in a word it stands, without the mark that some get with it (`İ`).
fn small(letter: char) -> impl Iterator<Item = char> {
    let in_middle = |letter| if letter == 'ς' { 'σ' } else { letter };
    letter
        .to_lowercase()
        .map(in_middle)
        .filter(|letter| letter.is_alphanumeric())
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

#[cfg(test)]
mod tests {
    use super::words;

    fn all(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_letters_and_digits_in_small_letters() {
        assert_eq!(all("  Blue T-Shirt, 100% "), ["blue", "t", "shirt", "100"]);
        assert_eq!(all("ÄRMEL rot—grün L’Été"), ["ärmel", "rot", "grün", "l", "été"]);
        assert_eq!(all("İSTANBUL ıstanbul"), ["istanbul", "ıstanbul"]);
        assert_eq!(all("Größe 42 ½ 咖啡"), ["größe", "42", "½", "咖啡"]);
        assert_eq!(all("ΣΟΦΟΣ σοφος σοφός"), ["σοφοσ", "σοφοσ", "σοφόσ"]);
        assert!(all(" '\"*():^-+&|!<>\\\0— ").is_empty());
        assert_eq!(all(&"A".repeat(1000)), ["a".repeat(64)]);
    }

    #[test]
    fn words_of_words_are_the_same_words() {
        for text in ["ÄRMEL—Straße", "ΣΟΦΟΣ", "e\u{301}té", "A/1-2"] {
            assert_eq!(all(&all(text).join(" ")), all(text), "{text}");
        }
    }
}
