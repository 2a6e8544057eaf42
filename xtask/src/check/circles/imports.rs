//! The paths that a source file names: in `use` items, and in its code.

use super::super::code;

/// A path that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// As written, such as `crate`, `access`, `Caller`; a glob ends in `*`.
    pub(super) segments: Vec<String>,
    /// The name under which it is known in the file; for a path in code, the last segment.
    pub(super) name: String,
    /// The line, from 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// Where the path stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In a `use` item that is visible outside its module.
    Reexport,
    /// In a private `use` item.
    Use,
    /// In code.
    Code,
}

/// A word or a punctuation mark, with its line.
type Token = (String, usize);

/// The paths of a source, without those of its tests.
pub(super) fn imports(source: &str) -> Vec<Import> {
    let tokens = without_tests(&tokens(&code::split(source).bare));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if word(&tokens, at) == "use" {
            let kind = match at.checked_sub(1).map(|before| word(&tokens, before)) {
                Some("pub" | ")") => Kind::Reexport,
                _ => Kind::Use,
            };
            at = tree(&tokens, at + 1, &[], kind, &mut found);
        } else if is_name(word(&tokens, at))
            && at
                .checked_sub(1)
                .is_none_or(|before| word(&tokens, before) != "::")
        {
            at = path(&tokens, at, &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |(text, _)| text)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn tokens(bare: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    for (line, text) in (1..).zip(bare.lines()) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = if is_name(rest) {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            found.push((rest[..end].to_owned(), line));
            rest = rest[end..].trim_start();
        }
    }
    found
}

/// Removes each item that follows `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if (0..ATTRIBUTE.len()).all(|ahead| word(tokens, at + ahead) == ATTRIBUTE[ahead]) {
            at = end_of_item(tokens, at + ATTRIBUTE.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The index after the item that begins at `at`: after its semicolon, or after the brace that closes its body.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < tokens.len() {
        match word(tokens, at) {
            ";" if depth == 0 => return at + 1,
            "{" => depth += 1,
            "}" if depth <= 1 => return at + 1,
            "}" => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Reads one branch of the tree of a `use` item, and returns the index after it.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], kind: Kind, found: &mut Vec<Import>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(1, |(_, line)| *line);
    loop {
        match word(tokens, at) {
            "{" => return branches(tokens, at + 1, &segments, kind, found),
            "::" => at += 1,
            "as" => {
                let name = word(tokens, at + 1).to_owned();
                found.push(Import {
                    segments,
                    name,
                    line,
                    kind,
                });
                return at + 2;
            }
            name if is_name(name) || name == "*" => {
                // `a::{self}` names `a`.
                if name != "self" || segments.is_empty() {
                    segments.push(name.to_owned());
                }
                at += 1;
            }
            _ => break,
        }
    }
    if let Some(name) = segments.last().cloned() {
        found.push(Import {
            segments,
            name,
            line,
            kind,
        });
    }
    at
}

fn branches(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    kind: Kind,
    found: &mut Vec<Import>,
) -> usize {
    while at < tokens.len() {
        match word(tokens, at) {
            "}" => return at + 1,
            "," => at += 1,
            _ => {
                let after = tree(tokens, at, prefix, kind, found);
                at = after.max(at + 1);
            }
        }
    }
    at
}

/// Reads a path of at least two segments in code, and returns the index after it.
fn path(tokens: &[Token], at: usize, found: &mut Vec<Import>) -> usize {
    let mut segments = vec![word(tokens, at).to_owned()];
    let mut end = at + 1;
    while word(tokens, end) == "::" && is_name(word(tokens, end + 1)) {
        segments.push(word(tokens, end + 1).to_owned());
        end += 2;
    }
    if segments.len() > 1 {
        let name = segments[segments.len() - 1].clone();
        let line = tokens[at].1;
        found.push(Import {
            segments,
            name,
            line,
            kind: Kind::Code,
        });
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<(String, Kind)> {
        let found = imports(source).into_iter();
        found
            .map(|import| (import.segments.join("::"), import.kind))
            .collect()
    }

    #[test]
    fn a_tree_is_spread_out() {
        let source = "use crate::a::{self, b::{C, D as E}, f::*};\npub(crate) use g::H;";
        let expected = ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::f::*"];
        let mut expected: Vec<(String, Kind)> = expected.map(|path| (path.to_owned(), Kind::Use)).to_vec();
        expected.push(("g::H".to_owned(), Kind::Reexport));
        assert_eq!(paths(source), expected);
        assert_eq!(imports(source)[2].name, "E");
        assert_eq!(imports(source)[4].line, 2);
    }

    #[test]
    fn paths_in_code_are_found_and_tests_are_left_out() {
        let source = "fn f() { a::b(); c.d() }\n#[cfg(test)]\nmod tests;\nfn g() -> super::E { h }\n#[cfg(test)]\nmod t { use x::y; }";
        assert_eq!(
            paths(source),
            [
                ("a::b".to_owned(), Kind::Code),
                ("super::E".to_owned(), Kind::Code)
            ]
        );
    }

    #[test]
    fn invalid_source_does_not_panic() {
        for source in ["use", "use a::{", "use {{", "#[cfg(test)]", "a::", "use a as"] {
            imports(source);
        }
    }
}
