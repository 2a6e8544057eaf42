//! The words that belong to an account, which an attacker who knows the account tries first.

use super::frequent;
use crate::text;

/// The name of the product.
const PRODUCT: &str = "mainstay";
/// The shortest word that counts.
const MIN_WORD: usize = 3;
/// As many characters besides own words, such as a year, make no password of them.
const MAX_OTHERS: usize = 4;

/// Whether a folded password consists of the account's own words: those of the texts, such as the address and the
/// name, and the product's name, with no more than a year or the like besides.
pub(super) fn is_made_of(folded: &str, own: &[&str]) -> bool {
    let mut words: Vec<String> = own.iter().flat_map(|text| words_of(text)).collect();
    words.push(PRODUCT.to_owned());
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let spellings = [
        squeezed(folded),
        squeezed(
            &folded
                .chars()
                .map(|c| frequent::letter(c, 'i'))
                .collect::<String>(),
        ),
        squeezed(
            &folded
                .chars()
                .map(|c| frequent::letter(c, 'l'))
                .collect::<String>(),
        ),
    ];
    spellings.iter().any(|spelling| {
        let rest = words
            .iter()
            .fold(spelling.clone(), |rest, word| rest.replace(word.as_str(), ""));
        let others = rest.chars().count();
        rest.len() < spelling.len() && (others <= MAX_OTHERS || frequent::is_common(&rest))
    })
}

/// The words of a text, and all of them in one, without what separates them.
fn words_of(text: &str) -> Vec<String> {
    let folded = text::folded(text);
    let parts = folded.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
    let local = folded.split_once('@').map(|(local, _)| squeezed(local));
    let all = parts.chain(local).chain([squeezed(&folded)]);
    all.filter(|word| word.chars().count() >= MIN_WORD).collect()
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_words_with_a_year_are_no_password() {
        let own = ["ann.smith@garden-shop.example", "Ann Smith-Jones"];
        for bad in [
            "ann.smith2026",
            "annsmith1",
            "4nnsm1th!",
            "garden-shop!",
            "gardenshop99",
            "ann.smith@garden-shop.example",
            "smith.ann.1990",
            "smith-jones",
            "mainstay2026",
            "m@instay12",
            "annpassword",
        ] {
            assert!(is_made_of(bad, &own), "{bad}");
        }
        for good in [
            "ann likes long walks",
            "xkannq9!wz",
            "smithy of the north",
            "walks in the rain",
        ] {
            assert!(!is_made_of(good, &own), "{good}");
        }
        assert!(is_made_of("müller2026", &["müller@example.com"]));
        assert!(!is_made_of("al1234567", &["al@b.co"]), "too short to be a word");
    }
}
