//! The engine runs use cases of any product, so it names no noun of this one.

use super::code;
use super::violation::Violation;
use crate::project::Text;

const ENGINE: &str = "crates/engine/src/";

/// The nouns of the product, in the singular.
const NOUNS: [&str; 3] = ["product", "order", "payment"];

/// Finds identifiers in the engine, in code and in tests, that contain a noun of the product as a word.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let sources = texts
        .iter()
        .filter(|text| text.path.starts_with(ENGINE) && text.is("rs"));
    let mut violations = Vec::new();
    for text in sources {
        for (line, code) in (1..).zip(code::split(&text.body).bare.lines()) {
            let identifiers = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            for identifier in identifiers.filter(|identifier| names_a_noun(identifier)) {
                violations.push(Violation::at(
                    &text.path,
                    line,
                    format!("`{identifier}` names a noun of the product"),
                    "move it to crates/services, or pass it in as an extension, a job, or a cached resource",
                ));
            }
        }
    }
    violations
}

/// Whether one of the words of an identifier in any case is a noun of the product, in the singular or the plural.
fn names_a_noun(identifier: &str) -> bool {
    words(identifier).any(|word| NOUNS.contains(&word.strip_suffix('s').unwrap_or(&word)))
}

/// The words of `snake_case`, `SCREAMING_CASE` and `CamelCase`, in lower case.
fn words(identifier: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn lines(source: &str) -> Vec<usize> {
        let found = check(&[text("crates/engine/src/cache.rs", source)]);
        found.into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_noun_of_the_product_is_found_in_any_case_and_number() {
        let source = "use mainstay_domain::order::X;\nfn f(a: ProductId) {}\nREAD_ORDER;\ncx.payments();";
        assert_eq!(lines(source), [1, 2, 3, 4]);
    }

    #[test]
    fn other_words_comments_and_texts_are_no_nouns() {
        let source = "use std::cmp::Ordering; // in the order of\nlet reorder = \"order\";";
        assert_eq!(lines(source), [0_usize; 0]);
        assert_eq!(
            check(&[text("crates/services/src/order.rs", "struct Order;")]),
            []
        );
    }
}
