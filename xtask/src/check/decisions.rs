//! Decision records are numbered without gaps, so that "the fourth decision" means one page for ever.

use super::fault::Fault;
use crate::project::Text;

const FOLDER: &str = "docs/adr/";

/// Finds records whose file names or titles break the numbering, and records that the index leaves out.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let pages: Vec<(&str, &Text)> = texts
        .iter()
        .filter(|text| text.is("md"))
        .filter_map(|text| Some((text.path.strip_prefix(FOLDER)?, text)))
        .collect();
    let index = pages
        .iter()
        .find(|(name, _)| *name == "README.md")
        .map(|(_, page)| *page);

    let mut faults = Vec::new();
    let mut next = 1;
    for (name, page) in pages.iter().filter(|(name, _)| *name != "README.md") {
        let mut fault = |reason: String, fix: &str| faults.push(Fault::at(&page.path, 1, reason, fix));
        let Some(number) = number(name) else {
            fault(
                format!("`{name}` is not called `0001-words-with-dashes.md`"),
                "rename it",
            );
            continue;
        };
        if number != next {
            fault(
                format!("number {number} where {next} is expected"),
                "numbers are unique and without gaps",
            );
        }
        next = number + 1;
        let title = page.body.lines().next().unwrap_or_default();
        let numbers = |word: &str| word.parse() == Ok(number);
        if !title.starts_with("# ") || !title.split(|c: char| !c.is_ascii_digit()).any(numbers) {
            fault(
                format!("the first line is no title with the number {number}"),
                "begin with `# 1. What was decided`",
            );
        }
        if index.is_some_and(|index| !index.body.contains(name)) {
            fault("the index leaves it out".into(), "add it to docs/adr/README.md");
        }
    }
    faults
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
    fn numbers_in_a_row_with_titles_are_fine() {
        let pages = [
            text("docs/adr/0001-floors.md", "# 1. Floors are crates\n"),
            text("docs/adr/0002-engines.md", "# ADR 0002: two engines\n"),
            text("docs/adr/README.md", "[a](0001-floors.md) [b](0002-engines.md)"),
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
