//! The folders are the glossary: plain nouns, and no room for odds and ends.

use std::collections::BTreeSet;

use super::fault::Fault;
use crate::project::Text;

/// Names that say nothing and therefore attract everything.
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
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for text in texts
        .iter()
        .filter(|text| text.is("rs") && text.is_in(&["crates", "xtask"]))
    {
        let mut from = 0;
        for part in text.path.split('/') {
            from += part.len() + 1;
            let name = part.trim_end_matches(".rs");
            let place = &text.path[..from - 1];
            // Crates may be called as their packages are, with dashes.
            let plain = name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
            if (!plain || VAGUE.contains(&name)) && seen.insert(place.to_owned()) {
                faults.push(Fault::at(
                    place,
                    1,
                    format!("`{name}` is not a plain noun of the product"),
                    "name it after what it is about, in lower case",
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn vague_and_shouting_names_are_found_once() {
        let faults = check(&[
            text("crates/common/src/a.rs", ""),
            text("crates/common/src/b.rs", ""),
            text("crates/services/src/utils.rs", ""),
            text("crates/services/src/OrderService.rs", ""),
            text("crates/services/src/order.rs", ""),
        ]);
        let places: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(
            places,
            [
                "crates/common",
                "crates/services/src/utils.rs",
                "crates/services/src/OrderService.rs"
            ]
        );
    }
}
