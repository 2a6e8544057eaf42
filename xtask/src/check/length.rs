//! A file that has grown long hides a noun that wants a room of its own.

use super::fault::Fault;
use crate::project::Text;

const LIMIT: usize = 400;
/// Tests are read one at a time, so their files may be longer.
const TEST_LIMIT: usize = 600;

/// Finds Rust files with more lines than the limit.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in texts.iter().filter(|text| text.is("rs")) {
        let limit = if text.is_test() { TEST_LIMIT } else { LIMIT };
        let lines = text.body.lines().count();
        if lines > limit {
            let reason = format!("{lines} lines; {limit} is the most a reader is asked to hold");
            faults.push(Fault::at(
                &text.path,
                limit + 1,
                reason,
                "give one of its nouns a file of its own",
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn the_limit_itself_is_fine_and_tests_may_be_longer() {
        let lines = |count: usize| "a\n".repeat(count);
        assert!(check(&[text("a.rs", &lines(LIMIT))]).is_empty());
        assert_eq!(check(&[text("a.rs", &lines(LIMIT + 1))]).len(), 1);
        assert!(check(&[text("tests/a.rs", &lines(LIMIT + 1))]).is_empty());
        assert_eq!(check(&[text("tests/a.rs", &lines(TEST_LIMIT + 1))]).len(), 1);
        assert!(check(&[text("a.md", &lines(LIMIT + 1))]).is_empty());
    }
}
