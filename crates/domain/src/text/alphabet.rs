//! Letters of one alphabet that look like those of another (Unicode TS 39).

/// The alphabets whose letters are mistaken for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    Coptic,
}

/// The small Cyrillic and Greek letters that are displayed like Latin ones.
const RESEMBLING_LATIN: &str = "асԁеһіјӏорԛѕԝхуѵүανορυχιγϲϳ";

impl Alphabet {
    /// The alphabet of a letter in lower case; `None` for a character of no alphabet, or of one that is mistaken for
    /// none of these.
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'a'..='z'
            | '\u{df}'..='\u{f6}'
            | '\u{f8}'..='\u{24f}'
            | '\u{250}'..='\u{2af}'
            | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{370}'..='\u{3e1}' | '\u{3f0}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{3e2}'..='\u{3ef}' | '\u{2c80}'..='\u{2cff}' => Self::Coptic,
            '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => Self::Cyrillic,
            '\u{530}'..='\u{58f}' => Self::Armenian,
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Self::Cherokee,
            _ => return None,
        })
    }
}

/// Whether a word in lower case passes for another one: it mixes alphabets whose letters look alike, or consists only of
/// letters that look like Latin ones, as browsers judge the labels of a host name.
pub fn is_misleading(word: &str) -> bool {
    if word.is_ascii() {
        return false;
    }
    let mut alphabets = word.chars().filter_map(Alphabet::of);
    let Some(first) = alphabets.next() else {
        return false;
    };
    if alphabets.any(|other| other != first) {
        return true;
    }
    let mut letters = word.chars().filter(|c| Alphabet::of(*c).is_some());
    first != Alphabet::Latin && letters.all(|c| RESEMBLING_LATIN.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_pass_for_others_are_found() {
        for bad in [
            "аnn",
            "раураl",
            "раура",
            "goοgle",
            "ехо",
            "αχο",
            "ѕсоре",
            "аnn.smith",
            "1о",
        ] {
            assert!(is_misleading(bad), "{bad}");
        }
        for good in [
            "ann",
            "jürgen",
            "иван",
            "иван.петров",
            "марк",
            "δοκιμή",
            "münchen24",
            "日本",
            "日本abc",
            "مثال",
            "12",
            "",
        ] {
            assert!(!is_misleading(good), "{good}");
        }
    }
}
