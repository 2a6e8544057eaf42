//! No markers of unfinished work: they belong into an issue, not into a file.

use super::violation::Violation;
use crate::project::Text;

/// In two parts so that this file does not match itself.
const MARKERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK")];
const EXTENSIONS: [&str; 7] = ["rs", "md", "toml", "sql", "html", "yml", "sh"];

/// Finds the markers as whole words in code, comments and prose.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for text in texts
        .iter()
        .filter(|text| EXTENSIONS.iter().any(|extension| text.is(extension)))
    {
        for (index, line) in text.body.lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(marker) = words.find(|word| MARKERS.contains(word)) {
                let reason = format!("`{marker}` marks unfinished work");
                violations.push(Violation::at(
                    &text.path,
                    index + 1,
                    reason,
                    "finish it, or open an issue",
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
    fn finds_whole_words_only() {
        let body = format!("// {}: later\n// {}S\n// to do", MARKERS[0], MARKERS[0]);
        let violations = check(&[text("a.rs", &body)]);
        assert_eq!(
            violations
                .iter()
                .map(|violation| violation.line)
                .collect::<Vec<_>>(),
            [1]
        );
    }
}
