//! Nothing in the project may depend on, or tell about, the machine on which it was written.

use super::fault::Fault;
use crate::project::Text;

/// Beginnings of absolute paths of single machines, in halves so that this file does not find itself.
const PATHS: [&str; 5] = [
    concat!("/", "work"),
    concat!("/", "root"),
    concat!("/", "tmp/bash"),
    concat!("/", "home/"),
    concat!("/", "Users/"),
];

/// Finds such paths in any text.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in texts {
        for (index, line) in text.body.lines().enumerate() {
            if let Some(path) = PATHS.iter().find(|path| names(line, path)) {
                let reason = format!("`{path}` is a place on one machine");
                faults.push(Fault::at(
                    &text.path,
                    index + 1,
                    reason,
                    "use a path relative to the project",
                ));
            }
        }
    }
    faults
}

/// Whether the line names this path: an absolute one, and not a longer word.
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
    fn absolute_places_are_found_and_words_are_not() {
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
