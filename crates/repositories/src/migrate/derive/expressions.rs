//! Expressions that mean the same to both engines.

use super::tokens::Kind;
use super::{Derivation, Unsupported, is_name};

/// Words of expressions that mean the same to both engines. `LIKE` does not: SQLite ignores capitals in it.
const KEYWORDS: [&str; 32] = [
    "AND", "AS", "ASC", "BETWEEN", "CASE", "COLLATE", "DELETE", "DESC", "ELSE", "END", "EXISTS", "FALSE",
    "FROM", "GROUP", "IN", "INTO", "IS", "JOIN", "LEFT", "NOT", "NULL", "ON", "OR", "ORDER", "BY", "SELECT",
    "SET", "THEN", "TRUE", "VALUES", "WHEN", "WHERE",
];

/// Functions that mean the same to both engines; `lower` and `upper` where the text is `COLLATE "C"`.
const FUNCTIONS: [&str; 8] = [
    "abs", "coalesce", "count", "length", "lower", "max", "min", "upper",
];

/// Keywords that could be taken for names when they are written in small letters.
const REFUSED: [&str; 9] = [
    "like",
    "ilike",
    "similar",
    "cast",
    "current_date",
    "current_time",
    "current_timestamp",
    "glob",
    "regexp",
];

impl Derivation<'_> {
    /// A number, a text, bytes, a truth value or NULL.
    pub(super) fn literal(&mut self) -> Result<(), Unsupported> {
        self.accept(&["-"]);
        match self.next() {
            Some(token) if matches!(token.kind, Kind::Number | Kind::Text) => self.term(),
            _ if self.accept(&["TRUE"]) || self.accept(&["FALSE"]) || self.accept(&["NULL"]) => Ok(()),
            _ => Err(self.unexpected("a number, a text, TRUE, FALSE or NULL")),
        }
    }

    /// An expression in parentheses.
    pub(super) fn parenthesised(&mut self) -> Result<(), Unsupported> {
        if !self.is(&["("]) {
            return Err(self.unexpected("`(`"));
        }
        let mut depth = 0usize;
        loop {
            depth = if self.is(&["("]) {
                depth + 1
            } else {
                depth - usize::from(self.is(&[")"]))
            };
            self.term()?;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Everything up to the semicolon.
    pub(super) fn expression(&mut self) -> Result<(), Unsupported> {
        while !self.is(&[";"]) {
            self.term()?;
        }
        Ok(())
    }

    /// One token of an expression.
    fn term(&mut self) -> Result<(), Unsupported> {
        let Some(token) = self.next() else {
            return Err(self.unexpected("the rest of an expression"));
        };
        let word = token.text;
        match token.kind {
            Kind::Text if word.starts_with("'\\x") => {
                let hex = &word[3..word.len() - 1];
                if hex.len() % 2 == 1 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(self.unsupported(format!("{word} are not bytes")));
                }
                self.replace(&format!("x'{hex}'"));
                return Ok(());
            }
            Kind::Quoted => return Err(self.unexpected("a name without quotation marks")),
            Kind::Word if KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) => {}
            Kind::Word => {
                let calls = self
                    .tokens
                    .get(self.at + 1)
                    .is_some_and(|token| token.text == "(");
                if calls && !FUNCTIONS.contains(&word) {
                    return Err(
                        self.unsupported(format!("`{word}` is not a function that both engines have"))
                    );
                }
                if !is_name(word) {
                    return Err(self.unsupported(format!("`{word}` is not a word that both engines know")));
                }
                if REFUSED.contains(&word) {
                    return Err(self.unsupported(format!("`{word}` does not mean the same to both engines")));
                }
            }
            Kind::Symbol if word == ";" => return Err(self.unexpected("the rest of an expression")),
            Kind::Symbol | Kind::Number | Kind::Text => {}
        }
        self.keep();
        Ok(())
    }
}
