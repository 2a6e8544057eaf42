//! Limits the length of files: a long one usually contains a noun that needs a module of its own.

use super::violation::Violation;
use crate::project::Text;

const LIMIT: usize = 400;
/// Tests are read one at a time, so their files may be longer.
const TEST_LIMIT: usize = 600;

/// Finds Rust files with more lines than the limit.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for text in texts.iter().filter(|text| text.is("rs")) {
        let limit = if text.is_test() { TEST_LIMIT } else { LIMIT };
        let lines = text.body.lines().count();
        if lines > limit {
            let reason = format!("{lines} lines; the limit is {limit}");
            violations.push(Violation::at(
                &text.path,
                limit + 1,
                reason,
                "move one of its nouns into a file of its own",
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn accepts_the_limit_itself_and_longer_tests() {
        let lines = |count: usize| "a\n".repeat(count);
        assert!(check(&[text("a.rs", &lines(LIMIT))]).is_empty());
        assert_eq!(check(&[text("a.rs", &lines(LIMIT + 1))]).len(), 1);
        assert!(check(&[text("tests/a.rs", &lines(LIMIT + 1))]).is_empty());
        assert_eq!(check(&[text("tests/a.rs", &lines(TEST_LIMIT + 1))]).len(), 1);
        assert!(check(&[text("a.md", &lines(LIMIT + 1))]).is_empty());
    }
}
