//! Decision records are numbered without gaps, so that a number always means the same page.

use super::violation::Violation;
use crate::project::Text;

const FOLDER: &str = "docs/adr/";

/// Finds records whose file names or titles break the numbering, and records missing from the index.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let pages: Vec<(&str, &Text)> = texts
        .iter()
        .filter(|text| text.is("md"))
        .filter_map(|text| Some((text.path.strip_prefix(FOLDER)?, text)))
        .collect();
    let index = pages
        .iter()
        .find(|(name, _)| *name == "README.md")
        .map(|(_, page)| *page);

    let mut violations = Vec::new();
    let mut next = 1;
    for (name, page) in pages.iter().filter(|(name, _)| *name != "README.md") {
        let mut report =
            |reason: String, fix: &str| violations.push(Violation::at(&page.path, 1, reason, fix));
        let Some(number) = number(name) else {
            report(
                format!("`{name}` is not named like `0001-words-with-dashes.md`"),
                "rename it",
            );
            continue;
        };
        if number != next {
            report(
                format!("number {number} where {next} is expected"),
                "numbers are unique and without gaps",
            );
        }
        next = number + 1;
        let title = page.body.lines().next().unwrap_or_default();
        let numbers = |word: &str| word.parse() == Ok(number);
        if !title.starts_with("# ") || !title.split(|c: char| !c.is_ascii_digit()).any(numbers) {
            report(
                format!("the first line is not a title with the number {number}"),
                "begin with `# 1. What was decided`",
            );
        }
        if index.is_some_and(|index| !index.body.contains(name)) {
            report(
                "it is missing from the index".into(),
                "add it to docs/adr/README.md",
            );
        }
    }
    violations
}

/// The number in `0001-words-with-dashes.md`.
fn number(name: &str) -> Option<u32> {
    let (number, words) = name.strip_suffix(".md")?.split_once('-')?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if number.len() != 4 || words.is_empty() || !words.chars().all(plain) {
        return None;
    }
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn accepts_consecutive_numbers_with_titles() {
        let pages = [
            text("docs/adr/0001-layers.md", "# 1. Layers are crates\n"),
            text("docs/adr/0002-engines.md", "# ADR 0002: two engines\n"),
            text("docs/adr/README.md", "[a](0001-layers.md) [b](0002-engines.md)"),
        ];
        assert_eq!(check(&pages), []);
    }

    #[test]
    fn gaps_duplicates_names_titles_and_the_index_are_checked() {
        let reasons =
            |path: &str, body: &str| check(&[text("docs/adr/0001-a.md", "# 1. A"), text(path, body)]).len();
        assert_eq!(reasons("docs/adr/0003-b.md", "# 3. B"), 1, "gap");
        assert_eq!(reasons("docs/adr/0001-b.md", "# 1. B"), 1, "duplicate");
        assert_eq!(reasons("docs/adr/2-b.md", "# 2. B"), 1, "name");
        assert_eq!(reasons("docs/adr/0002-b.md", "# B"), 1, "title");
        assert_eq!(reasons("docs/adr/README.md", "nothing"), 1, "index");
    }
}
