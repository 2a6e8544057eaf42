//! Notes to oneself: what is not finished belongs into an issue, not into a file that people read as true.

use super::fault::Fault;
use crate::project::Text;

/// Written in two halves so that this file does not find itself.
const MARKERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK")];
const EXTENSIONS: [&str; 7] = ["rs", "md", "toml", "sql", "html", "yml", "sh"];

/// Finds the markers as whole words in code, comments and prose.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in texts
        .iter()
        .filter(|text| EXTENSIONS.iter().any(|extension| text.is(extension)))
    {
        for (index, line) in text.body.lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(marker) = words.find(|word| MARKERS.contains(word)) {
                let reason = format!("`{marker}` says that something is unfinished");
                faults.push(Fault::at(
                    &text.path,
                    index + 1,
                    reason,
                    "finish it, or open an issue",
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
    fn finds_whole_words_only() {
        let body = format!("// {}: later\n// {}S\n// to do", MARKERS[0], MARKERS[0]);
        let faults = check(&[text("a.rs", &body)]);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1]);
    }
}
