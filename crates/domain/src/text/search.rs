//! Words, in the form that searches compare.

use super::is_invisible;
use std::borrow::Cow;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Maximum length of a word, in characters; the rest of a longer one is ignored.
const MAX_LENGTH: usize = 64;

/// The text in the form for comparison without regard to case, width, ligatures and invisible marks (`NFKC_Casefold`,
/// Unicode 16, 3.13, D147). Folding is idempotent. Not for display.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    let visible: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    Cow::Owned(UniCase::unicode(visible).to_folded_case().nfkc().collect())
}

/// The words of a text as searches compare them: letters and digits, folded, each cut at 64 characters. Both the
/// stored search text and the search term pass through here, so that the database engine does not decide what a
/// letter is or how it is lowercased. A mark that does not compose with the letter before it is dropped.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let text = match folded(text) {
        Cow::Borrowed(folded) => folded.to_owned(),
        Cow::Owned(folded) if folded.is_ascii() => folded,
        Cow::Owned(folded) => folded.chars().filter(|c| !is_mark(*c)).nfkc().collect(),
    };
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_LENGTH).collect())
        .collect();
    words.into_iter()
}

/// A combining mark, which is not a letter itself.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) && !c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_letters_and_digits_in_small_letters() {
        assert_eq!(all("  Blue T-Shirt, 100% "), ["blue", "t", "shirt", "100"]);
        assert_eq!(all("ÄRMEL rot—grün L’Été"), ["ärmel", "rot", "grün", "l", "été"]);
        assert_eq!(all("İSTANBUL ıstanbul"), ["istanbul", "ıstanbul"]);
        assert_eq!(all("Größe 42 ½ 咖啡"), ["grösse", "42", "1", "2", "咖啡"]);
        assert_eq!(all("ΣΟΦΟΣ σοφος σοφός"), ["σοφοσ", "σοφοσ", "σοφόσ"]);
        assert!(all(" '\"*():^-+&|!<>\\\0— ").is_empty());
        assert_eq!(all(&"A".repeat(1000)), ["a".repeat(64)]);
    }

    #[test]
    fn one_word_has_one_spelling() {
        for (spelled, other) in [
            ("crème", "cre\u{300}me"),
            ("STRASSE", "straße"),
            ("ｃａｆé", "CAFE\u{301}"),
            ("ﬁlter", "FILTER"),
            ("각", "\u{1100}\u{1161}\u{11a8}"),
            ("ｶﾞﾗｽ", "ガラス"),
            ("cof\u{ad}fee\u{200b}", "Coffee"),
            ("²", "2"),
            ("ſun", "Sun"),
        ] {
            assert_eq!(all(spelled), all(other), "{spelled}");
        }
    }

    #[test]
    fn words_of_words_are_the_same_words() {
        for text in [
            "ÄRMEL—Straße",
            "ΣΟΦΟΣ",
            "e\u{301}té",
            "A/1-2",
            "x\u{301}y",
            "हिन्दी",
        ] {
            assert_eq!(all(&all(text).join(" ")), all(text), "{text}");
        }
    }
}
