//! The passwords that attackers try first, and the variations of them that they try next.
//!
//! The list is that of zxcvbn 4.4.2: 30,000 passwords from breaches, by frequency (MIT licence, see
//! `common_passwords.LICENSE.txt`). It is sorted, so that looking one up needs no memory of its own.

const COMMON: &str = include_str!("common_passwords.txt");

/// Characters that are added to a word so that it passes for a password, at its ends together.
const MAX_ADDED: usize = 4;
/// The shortest word whose variations are refused.
const MIN_WORD: usize = 4;

/// Whether a folded password is common, or a variation of a common one: with digits or punctuation added to its ends,
/// with letters replaced by digits and signs that look like them, repeated, or a sequence.
pub(super) fn is_common(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    is_sequence(&characters) || is_repeated(&characters) || is_varied(&characters)
}

/// Whether the characters follow each other, or are all the same: `abcdefgh`, `98765432`, `aaaaaaaa`.
fn is_sequence(characters: &[char]) -> bool {
    let step = |pair: &[char]| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]));
    let first = characters.windows(2).next().map(step);
    first.is_some_and(|first| first.abs() <= 1 && characters.windows(2).all(|pair| step(pair) == first))
}

/// Whether it is up to three characters, or a common word, over and over.
fn is_repeated(characters: &[char]) -> bool {
    let length = characters.len();
    let mut parts = (1..=length / 2).filter(|part| length.is_multiple_of(*part));
    let part = parts.find(|part| {
        characters
            .chunks(*part)
            .all(|chunk| chunk == &characters[..*part])
    });
    part.is_some_and(|part| part <= 3 || is_varied(&characters[..part]))
}

fn is_varied(characters: &[char]) -> bool {
    let ends = |added: usize| (0..=added).map(move |before| (before, added - before));
    (0..=MAX_ADDED).flat_map(ends).any(|(before, after)| {
        let Some(end) = characters
            .len()
            .checked_sub(after)
            .filter(|end| before + MIN_WORD <= *end)
        else {
            return false;
        };
        let is_added = |c: &char| !c.is_alphabetic();
        characters[..before].iter().all(is_added)
            && characters[end..].iter().all(is_added)
            && is_listed_in_any_spelling(&characters[before..end])
    })
}

fn is_listed_in_any_spelling(word: &[char]) -> bool {
    let spelled = |one: char| -> String { word.iter().map(|c| letter(*c, one)).collect() };
    is_listed(&word.iter().collect::<String>()) || is_listed(&spelled('i')) || is_listed(&spelled('l'))
}

/// The letter that a digit or sign stands for; a one stands for two.
pub(super) fn letter(c: char, one: char) -> char {
    match c {
        '1' | '!' | '|' => one,
        '0' => 'o',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// Whether a word is a line of the list, by a binary search over its bytes.
pub(super) fn is_listed(word: &str) -> bool {
    let (mut from, mut to) = (0, COMMON.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        let start = COMMON[..middle].rfind('\n').map_or(0, |end| end + 1).max(from);
        let end = COMMON[middle..].find('\n').map_or(COMMON.len(), |at| middle + at);
        match COMMON[start..end].cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_folded_and_long_enough() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 10_000, "{}", lines.len());
        assert!(lines.is_sorted());
        assert!(COMMON.is_ascii() && !COMMON.bytes().any(|byte| byte.is_ascii_uppercase()));
        for line in &lines {
            assert!(is_listed(line), "{line}");
            assert!(!is_listed(&format!("{line}\u{1}")), "{line}");
        }
        assert!(!is_listed("") && !is_listed("zzzzzzzzzzzzzzz"));
    }

    #[test]
    fn variations_of_common_ones_are_common() {
        for bad in [
            "password1!",
            "p@ssw0rd1",
            "pa$$w0rd",
            "iloveyou2",
            "sunshine1",
            "qwerty12",
            "2026summer",
            "!welcome1",
            "passwordpassword",
            "abcabcabc",
            "dragondragon",
            "1111111111",
            "abcdefghij",
            "9876543210",
            "12345678!!",
        ] {
            assert!(is_common(bad), "{bad}");
        }
        for good in [
            "correct horse battery",
            "dragon sunshine walks",
            "qwerty839201746",
            "tr0ub4dor and 3 others",
            "x7#kq2!mz",
            "пароль из трёх слов",
        ] {
            assert!(!is_common(good), "{good}");
        }
    }
}
