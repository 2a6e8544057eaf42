//! Folders and modules are named after plain nouns, not after collections of anything.

use std::collections::BTreeSet;

use super::violation::Violation;
use crate::project::Text;

/// Names that mean nothing and therefore attract everything.
const VAGUE: [&str; 13] = [
    "util",
    "utils",
    "utilities",
    "helper",
    "helpers",
    "common",
    "core",
    "misc",
    "shared",
    "stuff",
    "manager",
    "base",
    "data",
];

/// Finds folders and modules under `crates` and `xtask` whose names are vague or not plain lower case.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for text in texts
        .iter()
        .filter(|text| text.is("rs") && text.is_in(&["crates", "xtask"]))
    {
        let mut from = 0;
        for part in text.path.split('/') {
            from += part.len() + 1;
            let name = part.trim_end_matches(".rs");
            let path = &text.path[..from - 1];
            // Crates may have dashes, as their packages do.
            let plain = name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
            if (!plain || VAGUE.contains(&name)) && seen.insert(path.to_owned()) {
                violations.push(Violation::at(
                    path,
                    1,
                    format!("`{name}` is not a plain noun of the product"),
                    "name it after what it is about, in lower case",
                ));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn finds_vague_and_capitalised_names_once() {
        let violations = check(&[
            text("crates/common/src/a.rs", ""),
            text("crates/common/src/b.rs", ""),
            text("crates/services/src/utils.rs", ""),
            text("crates/services/src/OrderService.rs", ""),
            text("crates/services/src/order.rs", ""),
        ]);
        let paths: Vec<&str> = violations
            .iter()
            .map(|violation| violation.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "crates/common",
                "crates/services/src/utils.rs",
                "crates/services/src/OrderService.rs"
            ]
        );
    }
}
