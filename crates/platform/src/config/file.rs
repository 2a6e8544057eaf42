//! `mainstay.toml` and the compiled-in defaults as flat `key → text`.

use super::error::ConfigError;
use super::origin::Origin;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A value of the file as text, the form that every source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Lists are joined by commas, switches are `on` and `off`.
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: usize,
}

/// The settings of a TOML text by dotted key, as far as they can be parsed, and the errors in the rest.
pub(super) fn entries(path: &Path, text: &str) -> (BTreeMap<String, Entry>, Vec<ConfigError>) {
    let mut found = Found {
        path,
        text,
        entries: BTreeMap::new(),
        errors: Vec::new(),
    };
    let (table, syntax_errors) = DeTable::parse_recoverable(text);
    for error in syntax_errors {
        let at = error.span().map_or(0, |span| span.start);
        // Only the message: the error's own display quotes the line, which may hold a secret.
        found.report(
            path.display().to_string(),
            at,
            error.message().to_owned(),
            "see https://toml.io for the syntax",
        );
    }
    // The parser's recovery after a syntax error would only report errors that the file does not have.
    if found.errors.is_empty() {
        found.table("", table.get_ref());
    }
    (found.entries, found.errors)
}

struct Found<'a> {
    path: &'a Path,
    text: &'a str,
    entries: BTreeMap<String, Entry>,
    errors: Vec<ConfigError>,
}

impl Found<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let at = name.span().start;
            match value.get_ref() {
                DeValue::Table(inner) => self.table(&key, inner),
                other => match scalar(other).or_else(|| list(other)) {
                    Some(text) => {
                        let line = self.line(at);
                        self.entries.insert(key, Entry { text, line });
                    }
                    None => self.report(
                        key,
                        at,
                        format!("a value of type {} is not understood here", other.type_str()),
                        "use a text, a whole number, true, false, or a list of texts",
                    ),
                },
            }
        }
    }

    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    fn report(&mut self, key: String, at: usize, reason: String, fix: &str) {
        let origin = Some(Origin::File {
            path: self.path.to_owned(),
            line: self.line(at),
        });
        self.errors.push(ConfigError {
            key,
            env: None,
            value: None,
            origin,
            reason,
            fix: fix.to_owned(),
        });
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(switch) => Some(if *switch { "on" } else { "off" }.to_owned()),
        _ => None,
    }
}

fn list(value: &DeValue<'_>) -> Option<String> {
    let items: Option<Vec<String>> = value
        .as_array()?
        .iter()
        .map(|item| scalar(item.get_ref()))
        .collect();
    items.map(|items| items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, String, usize)>, Vec<String>) {
        let (entries, errors) = entries(Path::new("m.toml"), text);
        let entries = entries
            .into_iter()
            .map(|(key, entry)| (key, entry.text, entry.line))
            .collect();
        (
            entries,
            errors.into_iter().map(|error| error.to_string()).collect(),
        )
    }

    #[test]
    fn tables_and_dotted_keys_are_the_same_and_know_their_lines() {
        let (entries, errors) = read(
            "http.port = 8_080\n[log]\nlevel = 'debug'\n\n[app]\nroles = [\"api\", \"worker\"]\nx = true",
        );
        assert_eq!(errors, Vec::<String>::new());
        let expected = [
            ("app.roles", "api,worker", 6),
            ("app.x", "on", 7),
            ("http.port", "8080", 1),
            ("log.level", "debug", 3),
        ];
        assert_eq!(
            entries,
            expected.map(|(key, text, line)| (key.to_owned(), text.to_owned(), line))
        );
    }

    #[test]
    fn a_syntax_error_names_its_line_and_not_its_content() {
        let (entries, errors) = read("[tokens]\nsecret = hunter2 hunter2\n");
        assert!(entries.is_empty());
        assert!(errors[0].starts_with("m.toml, from m.toml:2\n"), "{errors:?}");
        assert!(
            errors.iter().all(|error| !error.contains("hunter2")),
            "{errors:?}"
        );
    }

    #[test]
    fn values_of_no_use_are_faults() {
        let (_, errors) = read("http.port = 1.5\nlog.level = 2026-11-22\nmail.from = [[1]]");
        assert_eq!(errors.len(), 3);
        assert!(errors[0].contains("type float"), "{errors:?}");
    }
}
