//! Nothing in the project may depend on, or reveal, the machine on which it was written.

use super::violation::Violation;
use crate::project::Text;

/// Beginnings of machine-specific absolute paths, in two parts so that this file does not match itself.
const PATHS: [&str; 5] = [
    concat!("/", "work"),
    concat!("/", "root"),
    concat!("/", "tmp/bash"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

/// Finds such paths in any text.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for text in texts {
        for (index, line) in text.body.lines().enumerate() {
            if let Some(path) = PATHS.iter().find(|path| names(line, path)) {
                let reason = format!("`{path}` is a path of one machine");
                violations.push(Violation::at(
                    &text.path,
                    index + 1,
                    reason,
                    "use a path relative to the project",
                ));
            }
        }
    }
    violations
}

/// Whether the line contains this path as an absolute path and not as part of a longer word.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let absolute = !before
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '}' | '*' | ')'));
        let longer = after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-'));
        absolute && (path.ends_with('/') || path.contains("bash") || !longer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn finds_absolute_paths_and_ignores_words() {
        let [work, root, ..] = PATHS;
        for line in [
            format!("cd {work}/main"),
            format!("`{root}`"),
            work.to_owned(),
            format!("{}_jobs", PATHS[2]),
        ] {
            assert_eq!(check(&[text("a.md", &line)]).len(), 1, "{line}");
        }
        for line in [
            format!("{work}er"),
            format!("docs{work}"),
            format!("https://a.b{root}/c"),
            format!("{root}-user"),
        ] {
            assert!(check(&[text("a.md", &line)]).is_empty(), "{line}");
        }
    }
}
