//! Splits DDL into tokens.

use super::Unsupported;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name.
    Word,
    /// Digits.
    Number,
    /// A text in single quotes.
    Text,
    /// A name in double quotes.
    Quoted,
    /// One punctuation mark, or an operator of two.
    Symbol,
}

/// A token with the white space and the comments before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) before: &'t str,
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// The line that it stands on, from 1.
    pub(super) line: usize,
}

/// The tokens of a text, and the white space and comments after the last one.
pub(super) fn tokens<'t>(file: &str, text: &'t str) -> Result<(Vec<Token<'t>>, &'t str), Unsupported> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    loop {
        let (before, after) = rest.split_at(blank(rest));
        line += lines(before);
        if after.is_empty() {
            return Ok((tokens, before));
        }
        let (kind, length) = token(after).map_err(|reason| Unsupported::new(file, line, reason))?;
        let (text, after) = after.split_at(length);
        tokens.push(Token {
            before,
            kind,
            text,
            line,
        });
        line += lines(text);
        rest = after;
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The length of the white space and the comments that a text begins with.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let comment = match rest[spaces..].strip_prefix("--") {
            Some(comment) => 2 + comment.find('\n').unwrap_or(comment.len()),
            None => 0,
        };
        if spaces + comment == 0 {
            return at;
        }
        at += spaces + comment;
    }
}

/// The kind and the length of the token that a text begins with.
fn token(text: &str) -> Result<(Kind, usize), String> {
    const OPERATORS: [&str; 5] = ["<>", "<=", ">=", "!=", "||"];
    let first = text.chars().next().unwrap_or_default();
    let while_is = |is: fn(char) -> bool| text.find(|letter| !is(letter)).unwrap_or(text.len());
    Ok(match first {
        'a'..='z' | 'A'..='Z' | '_' => (
            Kind::Word,
            while_is(|letter| letter.is_ascii_alphanumeric() || letter == '_'),
        ),
        '0'..='9' => (Kind::Number, while_is(|letter| letter.is_ascii_digit())),
        '\'' | '"' => {
            let kind = if first == '"' { Kind::Quoted } else { Kind::Text };
            (kind, quoted(text, first).ok_or("a quotation mark is not closed")?)
        }
        _ if OPERATORS.iter().any(|operator| text.starts_with(operator)) => (Kind::Symbol, 2),
        '(' | ')' | ',' | ';' | '.' | '=' | '<' | '>' | '+' | '-' | '*' => (Kind::Symbol, 1),
        other => return Err(format!("`{other}` does not occur in what both engines take")),
    })
}

/// The length of a text in quotation marks, in which two of them stand for one.
fn quoted(text: &str, mark: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(mark)? + 1;
        if !text[at..].starts_with(mark) {
            return Some(at);
        }
        at += 1;
    }
}
