//! Reviewed lists of exceptions: one line each, `name: reason`. Empty lines and lines that begin with `#` do not count.

use std::collections::BTreeMap;

use super::violation::Violation;
use crate::project::Text;

/// The exceptions of one list that no rule has used yet, with their lines.
pub(crate) struct Exceptions {
    path: &'static str,
    unused: BTreeMap<String, usize>,
    used: Vec<String>,
}

impl Exceptions {
    /// Reads a list. An exception without a reason excepts nothing.
    pub(crate) fn read(texts: &[Text], path: &'static str) -> Self {
        let page = texts.iter().find(|text| text.path == path);
        let lines = page.map(|page| page.body.lines()).into_iter().flatten().zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let named = lines.map(|(line, at)| match line.split_once(": ") {
            Some((name, _)) => (name.to_owned(), at),
            None => (format!("{line} (without a reason)"), at),
        });
        Self {
            path,
            unused: named.collect(),
            used: Vec::new(),
        }
    }

    /// Whether the list has the name, which is then used.
    pub(crate) fn has(&mut self, name: &str) -> bool {
        if self.unused.remove(name).is_some() {
            self.used.push(name.to_owned());
        }
        self.used.iter().any(|used| used == name)
    }

    /// Violations for the lines that were not used.
    pub(crate) fn unused(self) -> impl Iterator<Item = Violation> {
        let path = self.path;
        self.unused.into_iter().map(move |(name, line)| {
            Violation::at(
                path,
                line,
                format!("`{name}` needs no exception, or has no reason for it"),
                "remove the line, or write the reason: `name: why`",
            )
        })
    }
}
