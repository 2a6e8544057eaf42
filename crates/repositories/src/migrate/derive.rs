//! Derives SQLite's DDL from PostgreSQL's.
//!
//! The names of types are mapped; layout and comments stay. What is not in the list of what both engines take with the
//! same meaning is refused, with file and line; it belongs into a file of one engine.
//!
//! | PostgreSQL | SQLite |
//! |---|---|
//! | `UUID`, `BYTEA` | `BLOB` |
//! | `BIGINT`, `BOOLEAN` | `INTEGER` |
//! | `TEXT`, `JSONB`, `TEXT COLLATE "C"` | `TEXT` |
//! | `DOUBLE PRECISION` | `REAL` |
//! | `'\x01ff'`, which is a `BYTEA` | `x'01ff'` |
//! | `);` after the columns | `) STRICT;` |
//!
//! A comment before `CREATE TABLE` says how SQLite stores the table, where that matters:
//! - `-- sqlite: WITHOUT ROWID` stores the rows in the tree of the primary key: for small rows that are read by it;
//! - `-- sqlite: ROWID search_row` gives the rowid a name, so that a full-text index can point to it. The column that
//!   is the primary key on PostgreSQL becomes unique.
//!
//! A derived text must never change after a release: the record of an applied migration holds its checksum. The test
//! of `contracts/schema.sqlite.sql` notices.

mod expressions;
mod statements;
mod tokens;

use std::fmt;
use tokens::{Kind, Token};

/// Something in a migration that the two engines do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unsupported {
    file: String,
    line: usize,
    reason: String,
}

impl Unsupported {
    fn new(file: &str, line: usize, reason: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, reason } = self;
        let engine = |engine: &str| file.replace(".sql", &format!(".{engine}.sql"));
        write!(
            out,
            "{file}, line {line}: {reason}; what only one engine has stands in {} or {}",
            engine("postgres"),
            engine("sqlite")
        )
    }
}

/// Begins a comment about how SQLite stores a table.
const STORAGE: &str = "-- sqlite:";

/// SQLite's text of a migration.
pub(super) fn sqlite(file: &str, text: &str) -> Result<String, Unsupported> {
    let (tokens, trailing) = tokens::tokens(file, text)?;
    let mut derivation = Derivation {
        file,
        tokens,
        at: 0,
        out: String::with_capacity(text.len()),
    };
    while derivation.at < derivation.tokens.len() {
        let start = derivation.at;
        derivation.statement()?;
        let inside = &derivation.tokens[start + 1..derivation.at];
        if let Some(token) = inside.iter().find(|token| token.before.contains(STORAGE)) {
            return Err(Unsupported::new(file, token.line, statements::MISPLACED));
        }
    }
    if trailing.contains(STORAGE) {
        return Err(derivation.unsupported(statements::MISPLACED));
    }
    derivation.out.push_str(trailing);
    Ok(derivation.out)
}

/// A derivation in progress: tokens before `at` were written to `out`.
struct Derivation<'t> {
    file: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    out: String,
}

impl<'t> Derivation<'t> {
    /// An error at the next token.
    fn unsupported(&self, reason: impl Into<String>) -> Unsupported {
        let next = self.tokens.get(self.at).or(self.tokens.last());
        Unsupported::new(self.file, next.map_or(1, |token| token.line), reason)
    }

    fn unexpected(&self, wanted: &str) -> Unsupported {
        match self.next() {
            Some(token) => self.unsupported(format!("`{}` stands where {wanted} is expected", token.text)),
            None => self.unsupported(format!("the text ends where {wanted} is expected")),
        }
    }

    fn next(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    /// Whether the next tokens are these words or symbols, in capitals or not.
    fn is(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| {
            let token = self.tokens.get(self.at + ahead);
            token.is_some_and(|token| token.text.eq_ignore_ascii_case(word) && token.kind != Kind::Text)
        })
    }

    /// Writes the next token in place of itself.
    fn keep(&mut self) {
        if let Some(token) = self.next() {
            self.replace(token.text);
        }
    }

    /// Writes another text in place of the next token, behind the white space and the comments before it.
    fn replace(&mut self, text: &str) {
        if let Some(token) = self.next() {
            self.out.push_str(token.before);
            self.out.push_str(text);
            self.at += 1;
        }
    }

    /// Keeps these words or symbols if they are next.
    fn accept(&mut self, words: &[&str]) -> bool {
        let is = self.is(words);
        if is {
            words.iter().for_each(|_| self.keep());
        }
        is
    }

    fn expect(&mut self, words: &[&str]) -> Result<(), Unsupported> {
        match self.accept(words) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{}`", words.join(" ")))),
        }
    }

    /// Keeps a name: small letters, digits and underscores, so that both engines take it as it is written.
    fn name(&mut self) -> Result<&'t str, Unsupported> {
        let token = self
            .next()
            .filter(|token| token.kind == Kind::Word && is_name(token.text));
        let token = token.ok_or_else(|| self.unexpected("a name of small letters"))?;
        self.keep();
        Ok(token.text)
    }

    /// Keeps names in parentheses.
    fn names(&mut self) -> Result<Vec<&'t str>, Unsupported> {
        self.expect(&["("])?;
        let mut names = vec![self.name()?];
        while self.accept(&[","]) {
            names.push(self.name()?);
        }
        self.expect(&[")"])?;
        Ok(names)
    }
}

fn is_name(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.bytes().all(plain)
}

#[cfg(test)]
mod tests;
