//! Order numbers for people.

use crate::random::{self, Random};
use crate::time::Timestamp;

/// Crockford's base 32, which has no letters that are easily confused.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// An order number that people can read out: the day, the hundredth of a second of the day, and 25 random bits, as in
/// `20261124-3KX0P-7H2KQ`.
///
/// Later numbers sort after earlier ones, so that the index of numbers grows at its end instead of everywhere. Two
/// numbers of the same hundredth may collide; the database rejects the second, and the order gets another number.
pub fn number(now: Timestamp, random: &dyn Random) -> String {
    let day = now.to_string();
    let date = day.get(..10).unwrap_or("0000-00-00").replace('-', "");
    let hundredth = now.micros().rem_euclid(86_400_000_000) / 10_000;
    let moment = [20, 15, 10, 5, 0].map(|bits| letter(hundredth >> bits));
    let random_letters = random::bytes::<5>(random).map(|byte| letter(i64::from(byte)));
    let text = |letters: [char; 5]| letters.iter().collect::<String>();
    format!("{date}-{}-{}", text(moment), text(random_letters))
}

/// The letter of the lowest five bits.
fn letter(bits: i64) -> char {
    let index = usize::try_from(bits & 31).unwrap_or(0);
    char::from(LETTERS[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Counting;

    fn at(text: &str) -> String {
        number(Timestamp::parse(text).unwrap(), &Counting::default())
    }

    #[test]
    fn numbers_contain_the_day_and_sort_by_time() {
        let first = at("2026-11-24T00:00:00Z");
        assert!(
            first.starts_with("20261124-00000-") && first.len() == 20,
            "{first}"
        );
        let instants = [
            "2026-11-24T00:00:00.010Z",
            "2026-11-24T00:00:01Z",
            "2026-11-24T12:00:00Z",
            "2026-11-24T23:59:59.999Z",
            "2026-11-25T00:00:00Z",
        ];
        let numbers = instants.map(at);
        assert!(numbers.is_sorted() && first < numbers[0], "{numbers:?}");
    }

    #[test]
    fn numbers_of_the_same_instant_differ_in_their_random_part() {
        let (now, random) = (
            Timestamp::parse("2026-11-24T09:00:00Z").unwrap(),
            Counting::default(),
        );
        assert_ne!(number(now, &random), number(now, &random));
    }
}
