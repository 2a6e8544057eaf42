//! Words that say nothing to a newcomer were retired for standard terms; they do not come back, neither in code nor in
//! prose. The list is in `words/list.rs`, which together with this file may contain them.

mod list;

use std::collections::HashMap;

use super::code;
use super::violation::Violation;
use crate::project::Text;
use list::{EXCEPTIONS, Exception, RETIRED, Retired, Scope};

/// The rule itself, and texts that others write.
const NOT_CHECKED: [&str; 6] = [
    "xtask/src/check/words",
    "Cargo.lock",
    "crates/domain/src/password/common_passwords",
    "examples/typescript-client/package-lock.json",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];
/// What a declaration begins with.
const DECLARATIONS: [&str; 9] = [
    "struct", "enum", "union", "trait", "type", "const", "static", "mod", "fn",
];

/// Finds retired words in every text and in the names of files, and exceptions that are not needed.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut needed = vec![false; EXCEPTIONS.len()];
    let mut violations = find(texts, |text, line, word| {
        let at = EXCEPTIONS
            .iter()
            .position(|exception| exception.allows(text, line, word));
        at.inspect(|at| needed[*at] = true).is_some()
    });
    let surplus = EXCEPTIONS.iter().zip(needed).filter(|(_, needed)| !needed);
    violations.extend(surplus.map(|(exception, _)| {
        let reason = format!("an exception for `{}`, which is not there", exception.word);
        Violation::at(
            exception.path,
            1,
            reason,
            "remove it from `xtask/src/check/words/list.rs`",
        )
    }));
    violations
}

impl Exception {
    fn allows(&self, text: &Text, line: usize, word: &str) -> bool {
        let mut lines = text.body.lines();
        let line = line.checked_sub(1).and_then(|at| lines.nth(at));
        self.path == text.path && self.word == word && line.is_some_and(|line| line.contains(self.line))
    }
}

/// Finds retired words, each once a line, except those that `is_allowed` (text, line, word).
fn find(texts: &[Text], mut is_allowed: impl FnMut(&Text, usize, &str) -> bool) -> Vec<Violation> {
    let index = Index::new();
    let mut violations = Vec::new();
    let is_checked = |text: &&Text| !text.is_in(&NOT_CHECKED);
    for text in texts.iter().filter(is_checked) {
        for (line, (word, retired)) in index.matches(text) {
            if !is_allowed(text, line, word) {
                let reason = format!("`{word}` is retired: it says nothing to a newcomer");
                let fix = format!("write what is meant: {}", retired.instead);
                violations.push(Violation::at(&text.path, line, reason, fix));
            }
        }
    }
    violations
}

/// A retired word, and its entry in the list.
type Match = (&'static str, &'static Retired);

/// The list by word.
struct Index {
    words: HashMap<&'static str, Vec<Match>>,
}

impl Index {
    /// An entry for each word, and for a phrase under its last word.
    fn new() -> Self {
        let mut words: HashMap<&str, Vec<Match>> = HashMap::new();
        for retired in RETIRED {
            for word in retired.words {
                let last = word.rsplit(' ').next().unwrap_or(word);
                words.entry(last).or_default().push((word, retired));
            }
        }
        Self { words }
    }

    /// The retired words of a text with their lines, in order.
    fn matches(&self, text: &Text) -> Vec<(usize, Match)> {
        let mut found: Vec<(usize, Match)> = Vec::new();
        let is_code = text.is("rs");
        self.in_prose(1, &text.path, &mut found);
        if is_code {
            self.in_code(1, text.path.trim_end_matches(".rs"), &mut found);
        }
        for (index, line) in text.body.lines().enumerate() {
            self.in_prose(index + 1, line, &mut found);
        }
        if is_code {
            for (index, line) in code::split(&text.body).bare.lines().enumerate() {
                self.in_code(index + 1, line, &mut found);
            }
        }
        found.sort_by_key(|(line, (word, _))| (*line, *word));
        found.dedup_by_key(|(line, (word, _))| (*line, *word));
        found
    }

    fn of_scope(&self, word: &str, scope: Scope) -> impl Iterator<Item = Match> {
        let all = self.words.get(word).into_iter().flatten().copied();
        all.filter(move |(_, retired)| retired.scope == scope)
    }

    /// The words that no text may contain.
    fn in_prose(&self, line: usize, text: &str, found: &mut Vec<(usize, Match)>) {
        let mut before = String::new();
        for word in parts(text).map(str::to_lowercase) {
            for (retired, entry) in self.of_scope(&word, Scope::Anywhere) {
                if retired.split_once(' ').is_none_or(|(first, _)| first == before) {
                    found.push((line, (retired, entry)));
                }
            }
            before = word;
        }
    }

    /// The words that no identifier may be, or be made of.
    fn in_code(&self, line: usize, code: &str, found: &mut Vec<(usize, Match)>) {
        let mut before = "";
        for identifier in identifiers(code) {
            let mut add = |word: &str, scope| {
                found.extend(self.of_scope(word, scope).map(|entry| (line, entry)));
            };
            add(&identifier.to_lowercase(), Scope::Identifier);
            if DECLARATIONS.contains(&before) {
                add(identifier, Scope::Declared);
            }
            for part in parts(identifier) {
                add(&part.to_lowercase(), Scope::Part);
            }
            before = identifier;
        }
    }
}

/// The identifiers and keywords of a line of code.
fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    let all = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    all.filter(|text| !text.is_empty())
}

/// The words of a text; those of an identifier are its parts: `http`, `JSON` and `Body` in `http_JSONBody`. The letter
/// of an escape, as in `\n`, belongs to none.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_alphabetic())?;
        let skip = if rest[..start].ends_with('\\') {
            rest[start..].chars().next().map_or(0, char::len_utf8)
        } else {
            0
        };
        let from = &rest[start + skip..];
        let end = end_of_word(from);
        rest = &from[end..];
        Some(&from[..end])
    })
}

/// Where the word that a text begins with ends: before a character that is no letter, before a capital after a small
/// letter, and before the last of several capitals if a small letter follows it.
fn end_of_word(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before_is_small = false;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let begins = c.is_uppercase() && (before_is_small || next.is_some_and(char::is_lowercase));
        if !c.is_alphabetic() || (at > 0 && begins) {
            return at;
        }
        before_is_small = c.is_lowercase();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    /// The words found in a file, with their lines.
    fn found(path: &str, body: &str) -> Vec<(usize, String)> {
        let violations = find(&[text(path, body)], |_, _, _| false);
        let word = |reason: &str| reason.split('`').nth(1).unwrap_or_default().to_owned();
        violations
            .iter()
            .map(|violation| (violation.line, word(&violation.reason)))
            .collect()
    }

    fn words(path: &str, body: &str) -> Vec<String> {
        found(path, body).into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn every_word_is_found_where_it_is_refused() {
        for retired in RETIRED {
            for word in retired.words {
                let (path, body) = match retired.scope {
                    Scope::Anywhere => ("a.md", format!("It says: {word}.")),
                    Scope::Part => ("a.rs", format!("let the_{word}_of = 1;")),
                    Scope::Identifier => ("a.rs", format!("let {word} = 1;")),
                    Scope::Declared => ("a.rs", format!("pub(crate) struct {word}<'a> {{")),
                };
                assert!(words(path, &body).contains(&(*word).to_owned()), "{word}");
            }
        }
    }

    #[test]
    fn words_are_found_in_code_comments_literals_and_names_of_files() {
        let body = "//! Told.\nlet a = \"\\ntold\"; // told, told\nfn untold(Told: X) {}\nTOLD_ONCE";
        let told = |line| (line, "told".to_owned());
        assert_eq!(found("a.rs", body), [told(1), told(2), told(3), told(4)]);
        assert_eq!(words("crates/a/tests/house.rs", ""), ["house"]);
        assert_eq!(words("docs/without-leave.txt", ""), ["without leave"]);
        assert_eq!(words("a.toml", "# nobody's"), ["nobody"]);
        assert_eq!(words("a.sql", "-- a seam"), ["seam"]);
        assert_eq!(words("a.json", "{\"summary\": \"Figures\"}"), ["figures"]);
    }

    #[test]
    fn longer_words_are_other_words() {
        let body = "let (retold, household, Nobodys, outdoors, story_board) = untold();";
        assert_eq!(words("a.rs", body), ["story"]);
    }

    #[test]
    fn words_with_an_ordinary_meaning_are_refused_as_identifiers_only() {
        let prose =
            "// Leave room at the tail; look whose turn it is, as asked. A word of long standing.\n\"asked\"";
        assert_eq!(words("a.rs", prose), [""; 0]);
        assert_eq!(words("a.md", "Leave room at the tail."), [""; 0]);
        assert_eq!(words("a.rs", "app.leave_jobs(); it_leaves_no_trace()"), [""; 0]);
        assert_eq!(words("a.rs", "fn f(leave: &Leave)"), ["leave"]);
        assert_eq!(words("a.rs", "struct TailHash;"), ["tail"]);
        assert_eq!(words("a.rs", "fn look() {}"), ["look"]);
        assert_eq!(
            words("a.md", "Nobody’s leave, laid out"),
            ["laid out", "nobody", "s leave"]
        );
    }

    #[test]
    fn names_are_refused_where_they_are_declared() {
        assert_eq!(words("a.rs", "pub enum Known { Taken }"), ["Known"]);
        assert_eq!(words("a.rs", "const KEPT: u32 = 1;"), ["KEPT"]);
        assert_eq!(words("a.rs", "Status::Known => keep(KEPT)"), [""; 0]);
    }

    #[test]
    fn the_rule_may_contain_its_words() {
        assert!(found("xtask/src/check/words/list.rs", "house").is_empty());
        assert!(found("xtask/src/check/words.rs", "house").is_empty());
        assert!(!found("xtask/src/check/wordsmith.rs", "house").is_empty());
    }

    #[test]
    fn an_exception_holds_for_its_word_and_line_and_is_refused_when_surplus() {
        let Exception { path, word, line } = EXCEPTIONS[0];
        let good = format!("{line} {word}");
        assert!(
            check(&[text(path, &good)])
                .iter()
                .all(|violation| violation.path != path)
        );
        for bad in [format!("{good}\n{word}"), line.to_owned()] {
            assert!(
                check(&[text(path, &bad)])
                    .iter()
                    .any(|violation| violation.path == path),
                "{bad}"
            );
        }
    }

    #[test]
    fn identifiers_and_texts_are_split_into_words() {
        let all = |text| parts(text).collect::<Vec<_>>();
        assert_eq!(all("http_JSONBody2x"), ["http", "JSON", "Body", "x"]);
        assert_eq!(all("it's (ß) ÄÖx—y"), ["it", "s", "ß", "Ä", "Öx", "y"]);
        assert_eq!(all("\\nsay"), ["say"]);
        assert_eq!(all("12"), [""; 0]);
    }
}
