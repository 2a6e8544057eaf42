//! Links between the pages of the project have existing targets.

use std::collections::BTreeSet;

use super::violation::Violation;
use crate::project::Text;

/// Finds relative links in Markdown whose file, folder or heading does not exist.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let paths = paths(texts);
    let mut violations = Vec::new();
    for page in texts.iter().filter(|text| text.is("md")) {
        for (line, link) in links(&page.body) {
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = resolve(&page.path, file);
            if !paths.contains(target.as_str()) {
                let reason = format!("`{link}` is broken: there is no `{target}`");
                violations.push(Violation::at(
                    &page.path,
                    line,
                    reason,
                    "repair the link or write its target",
                ));
            } else if !heading.is_empty() && !has_heading(texts, &target, heading) {
                let reason = format!("`{target}` has no heading `#{heading}`");
                violations.push(Violation::at(
                    &page.path,
                    line,
                    reason,
                    "link to an existing heading",
                ));
            }
        }
    }
    violations
}

/// The path of every file, and of every folder that contains one.
fn paths(texts: &[Text]) -> BTreeSet<&str> {
    let mut paths = BTreeSet::from([""]);
    for text in texts {
        paths.insert(text.path.as_str());
        paths.extend(text.path.match_indices('/').map(|(at, _)| &text.path[..at]));
    }
    paths
}

/// The relative links of a page with their lines (from 1), except those in code.
fn links(body: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in body.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            let inline = prose
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split([')', ' ']).next());
            let reference = prose
                .strip_prefix('[')
                .and_then(|rest| rest.split_once("]: "))
                .map(|(_, link)| link);
            let links = inline
                .chain(reference)
                .map(str::trim)
                .filter(|link| is_relative(link));
            found.extend(links.map(|link| (index + 1, link.to_owned())));
        }
    }
    found
}

fn is_relative(link: &str) -> bool {
    !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:") && !link.starts_with('/')
}

/// The path, from the root, of the target of `link` on `page`.
fn resolve(page: &str, link: &str) -> String {
    if link.is_empty() {
        return page.to_owned();
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn has_heading(texts: &[Text], path: &str, heading: &str) -> bool {
    let Some(page) = texts.iter().find(|text| text.path == path && text.is("md")) else {
        return true; // anchors in source files are line numbers
    };
    page.body
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor(line) == heading)
}

/// The anchor of a heading: lower case, spaces as dashes, no punctuation.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn violations(page: &str) -> Vec<Violation> {
        check(&[
            text("docs/guide.md", page),
            text("docs/adr/0001-a.md", "# One thing, two\n"),
            text("README.md", "# Mainstay\n"),
        ])
    }

    #[test]
    fn accepts_existing_files_folders_and_headings() {
        let page = "# Own\n[a](adr/0001-a.md) [b](../README.md#mainstay) [c](adr/) [d](#own) [e](..)\n\
                    [f](adr/0001-a.md#one-thing-two \"title\")\n[g]: ./adr/0001-a.md\n";
        assert_eq!(violations(page), []);
    }

    #[test]
    fn reports_broken_links_with_their_line() {
        let found = violations("one\n[a](missing.md)\n[b](../README.md#gone) [c](#none)\n[d]: adr/0002.md\n");
        assert_eq!(
            found.iter().map(|violation| violation.line).collect::<Vec<_>>(),
            [2, 3, 3, 4]
        );
    }

    #[test]
    fn ignores_urls_and_code() {
        assert_eq!(
            violations("[a](https://a.b/c) [b](mailto:a@b.c) `[c](x.md)`\n```\n[d](y.md)\n```\n"),
            []
        );
    }
}
