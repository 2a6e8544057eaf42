//! `docs/adding-a-noun.md` explains `examples/reviews`, and cannot be wrong: its code is the example's, all of it.
//!
//! A code block with a title quotes a file: ```` ```rust title="src/review.rs" ````. The blocks of a file, one after the
//! other, are the whole file. Other blocks are commands (`sh`) or settings (`toml`). What the page says of the number of
//! files and lines is counted.

use std::collections::{BTreeMap, BTreeSet};

use super::violation::Violation;
use crate::project::Text;

const PAGE: &str = "docs/adding-a-noun.md";
const EXAMPLE: &str = "examples/reviews/";
/// What adding a noun may take: architecture, "a noun is declared once".
const MAX_FILES: usize = 12;
const MAX_LINES: usize = 150;
/// The heading of the section that adds the noun.
const NOUN_SECTION: &str = "\n## The noun\n";
/// The blocks that quote no file.
const UNQUOTED: [&str; 2] = ["sh", "toml"];

/// A code block of the page.
#[derive(Debug, PartialEq, Eq)]
struct Block<'p> {
    /// The line of its fence.
    line: usize,
    language: &'p str,
    title: Option<&'p str>,
    content: Vec<&'p str>,
}

/// Finds code on the page that is not in the example, code of the example that is not on the page, and wrong counts.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let Some(page) = texts.iter().find(|text| text.path == PAGE) else {
        return vec![Violation::at(PAGE, 1, "the page is missing", "write the recipe")];
    };
    let files: BTreeMap<&str, &Text> = texts
        .iter()
        .filter_map(|text| Some((text.path.strip_prefix(EXAMPLE)?, text)))
        .collect();
    let blocks = blocks(&page.body);
    let mut violations: Vec<Violation> = blocks.iter().filter_map(|block| unknown(block, &files)).collect();
    for (path, file) in &files {
        let quotes: Vec<&Block<'_>> = blocks.iter().filter(|block| block.title == Some(path)).collect();
        violations.extend(compare(path, file, &quotes));
    }
    violations.extend(counts(page, &files));
    violations
}

/// The code blocks of a page. A fence that is never closed ends with the page.
fn blocks(body: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (line, number) in body.lines().zip(1..) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
                let title = rest
                    .strip_prefix("title=\"")
                    .and_then(|rest| rest.strip_suffix('"'));
                open = Some(Block {
                    line: number,
                    language,
                    title,
                    content: Vec::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.content.push(line),
            (None, None) => {}
        }
    }
    blocks.extend(open);
    blocks
}

/// A block that quotes no file, or one that does not exist.
fn unknown(block: &Block<'_>, files: &BTreeMap<&str, &Text>) -> Option<Violation> {
    let reason = match block.title {
        None if UNQUOTED.contains(&block.language) => return None,
        None => "a code block without the title of a file".to_owned(),
        Some(title) if files.contains_key(title) => return None,
        Some(title) => format!("`{EXAMPLE}{title}` does not exist"),
    };
    let fix = "quote a file of the example: ```rust title=\"src/review.rs\"";
    Some(Violation::at(PAGE, block.line, reason, fix))
}

/// Compares a file with its blocks. Blank lines between two blocks need not be quoted.
fn compare(path: &str, file: &Text, quotes: &[&Block<'_>]) -> Option<Violation> {
    let lines: Vec<&str> = file.body.lines().collect();
    let skip_blank = |mut at: usize| {
        while lines.get(at) == Some(&"") {
            at += 1;
        }
        at
    };
    let mut at = 0;
    for block in quotes {
        at = skip_blank(at);
        for (offset, quoted) in block.content.iter().enumerate() {
            if lines.get(at) != Some(quoted) {
                let found = lines.get(at).unwrap_or(&"the end of the file");
                return Some(Violation::at(
                    PAGE,
                    block.line + 1 + offset,
                    format!("`{path}` has at line {}: {found}", at + 1),
                    "quote the file as it is, from its beginning to its end",
                ));
            }
            at += 1;
        }
    }
    at = skip_blank(at);
    (at < lines.len()).then(|| {
        let reason = format!("{PAGE} does not quote this line and those after it");
        Violation::at(&file.path, at + 1, reason, "add it to the page, and explain it")
    })
}

/// The numbers on the page: of the whole example before the first heading, and of the noun in its section. Every line is
/// counted, blank ones and comments too.
fn counts(page: &Text, files: &BTreeMap<&str, &Text>) -> Vec<Violation> {
    let lines: usize = files.values().map(|file| file.body.lines().count()).sum();
    let (introduction, _) = page.body.split_once("\n## ").unwrap_or((&page.body, ""));
    let mut violations = Vec::from_iter(stated(1, introduction, files.len(), lines));
    let Some((before, noun)) = page.body.split_once(NOUN_SECTION) else {
        violations.push(Violation::at(
            PAGE,
            1,
            format!("there is no section `{}`", NOUN_SECTION.trim()),
            "write it",
        ));
        return violations;
    };
    let at = before.lines().count() + 1;
    let (noun, _) = noun.split_once("\n## ").unwrap_or((noun, ""));
    let blocks = blocks(noun);
    let quoted = blocks.iter().filter(|block| block.title.is_some());
    let titles: BTreeSet<_> = quoted.clone().map(|block| block.title).collect();
    let lines = quoted.map(|block| block.content.len()).sum();
    violations.extend(stated(at, noun, titles.len(), lines));
    if titles.len() > MAX_FILES || lines > MAX_LINES {
        let reason = format!(
            "{}: a noun takes at most {MAX_FILES} and {MAX_LINES}",
            sentence(titles.len(), lines)
        );
        let fix = "let the declaration of the noun say what the code repeats";
        violations.push(Violation::at(PAGE, at, reason, fix));
    }
    violations
}

fn sentence(files: usize, lines: usize) -> String {
    format!("**{files} files and {lines} lines**")
}

fn stated(at: usize, text: &str, files: usize, lines: usize) -> Option<Violation> {
    let sentence = sentence(files, lines);
    let missing = !text.contains(&sentence);
    missing.then(|| {
        Violation::at(
            PAGE,
            at,
            "the counts are missing or wrong",
            format!("write {sentence}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    const FILE: &str = "mod a;\n\nfn b() {}\n";

    fn reasons(page: &str, file: &str) -> Vec<String> {
        let texts = [text(PAGE, page), text("examples/reviews/src/lib.rs", file)];
        check(&texts)
            .into_iter()
            .map(|violation| format!("{}:{}: {}", violation.path, violation.line, violation.reason))
            .collect()
    }

    fn page(blocks: &str) -> String {
        let lines: usize = super::blocks(blocks)
            .iter()
            .map(|block| block.content.len())
            .sum();
        let files = usize::from(lines > 0);
        format!("**1 files and 3 lines**\n\n## The noun\n**{files} files and {lines} lines**\n{blocks}")
    }

    #[test]
    fn a_page_that_quotes_the_whole_file_in_parts_is_accepted() {
        let blocks = "```rust title=\"src/lib.rs\"\nmod a;\n```\nThen:\n```rust title=\"src/lib.rs\"\nfn b() {}\n```\n";
        assert_eq!(reasons(&page(blocks), FILE), [""; 0]);
        let command = format!("{}```sh\ncargo test\n```\n", page(blocks));
        assert_eq!(reasons(&command, FILE), [""; 0]);
    }

    #[test]
    fn code_on_the_page_that_the_file_does_not_have_is_refused() {
        let blocks = "```rust title=\"src/lib.rs\"\nmod a;\n\nfn c() {}\n```\n";
        assert_eq!(
            reasons(&page(blocks), FILE),
            ["docs/adding-a-noun.md:8: `src/lib.rs` has at line 3: fn b() {}"]
        );
        let blocks = "```rust title=\"src/lib.rs\"\nmod a;\n\nfn b() {}\n\nfn c() {}\n```\n";
        assert_eq!(reasons(&page(blocks), FILE).len(), 1);
    }

    #[test]
    fn code_of_the_example_that_the_page_does_not_have_is_refused() {
        let blocks = "```rust title=\"src/lib.rs\"\nmod a;\n```\n";
        assert_eq!(
            reasons(&page(blocks), FILE),
            [
                "examples/reviews/src/lib.rs:3: docs/adding-a-noun.md does not quote this line and those after it"
            ]
        );
        assert_eq!(reasons(&page(""), FILE).len(), 1);
    }

    #[test]
    fn a_block_of_no_file_is_refused() {
        let whole = "```rust title=\"src/lib.rs\"\nmod a;\n\nfn b() {}\n```\n";
        let untitled = format!("{}```rust\nfn d() {{}}\n```\n", page(whole));
        assert_eq!(reasons(&untitled, FILE).len(), 1);
        let other = format!(
            "{}\n## More\n```rust title=\"src/no.rs\"\nfn d() {{}}\n```\n",
            page(whole)
        );
        assert_eq!(reasons(&other, FILE).len(), 1);
    }

    #[test]
    fn lines_and_files_are_counted_and_those_of_the_noun_bounded() {
        let whole = "```rust title=\"src/lib.rs\"\nmod a;\n\nfn b() {}\n```\n";
        assert_eq!(reasons(&page(whole).replace("3 lines", "4 lines"), FILE).len(), 2);
        assert_eq!(reasons(&page(whole).replace("The noun", "A noun"), FILE).len(), 1);
        let long = "a\n".repeat(MAX_LINES + 1);
        let blocks = format!("```rust title=\"src/lib.rs\"\n{long}```\n");
        let page = page(&blocks).replace("1 files and 3", &format!("1 files and {}", MAX_LINES + 1));
        let reasons = reasons(&page, &long);
        assert!(
            reasons.len() == 1 && reasons[0].contains("at most"),
            "{reasons:?}"
        );
    }
}
