//! Functions of the repositories require authorisation: those that read take a `&Scope<`, those that write a
//! `&Permit<`. The exceptions are reviewed, one line each with its reason; an unnecessary line has to be removed.

use std::collections::BTreeMap;

use super::code;
use super::violation::Violation;
use crate::project::Text;

const REPOSITORIES: &str = "crates/repositories/src/";
const EXCEPTIONS: &str = "contracts/without-leave.txt";

/// A public function, as far as this rule needs to know it.
struct Function<'a> {
    name: &'a str,
    line: usize,
    parameters: &'a str,
    body: &'a str,
}

/// Finds functions without scope or permit that are no exception, and exceptions that are not needed.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut excepted = exceptions(texts);
    let mut violations = Vec::new();
    for text in texts
        .iter()
        .filter(|text| text.path.starts_with(REPOSITORIES) && text.is("rs"))
    {
        let noun = text.path[REPOSITORIES.len()..]
            .trim_end_matches(".rs")
            .replace('/', "::");
        let source = text.body.split("#[cfg(test)]").next().unwrap_or_default();
        let bare = code::split(source).bare;
        let writing = writing(source);
        for function in functions(&bare) {
            let Some(missing) = missing(&function, &writing) else {
                continue;
            };
            let name = format!("{noun}::{}", function.name);
            if excepted.remove(&name).is_none() {
                violations.push(Violation::at(
                    &text.path,
                    function.line,
                    format!("`{name}` takes no `{missing}…>`"),
                    format!(
                        "take it as a parameter and check it, or write in {EXCEPTIONS} why none is needed"
                    ),
                ));
            }
        }
    }
    let unused = excepted.into_iter().map(|(name, line)| {
        let reason = format!("`{name}` needs no exception, or has no reason for it");
        Violation::at(
            EXCEPTIONS,
            line,
            reason,
            "remove the line, or write the reason: `noun::function: why`",
        )
    });
    violations.extend(unused);
    violations
}

/// The names of the exceptions, with their lines. An exception without a reason does not count.
fn exceptions(texts: &[Text]) -> BTreeMap<String, usize> {
    let page = texts.iter().find(|text| text.path == EXCEPTIONS);
    let lines = page.map(|page| page.body.lines()).into_iter().flatten().zip(1..);
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(line, at)| {
            (
                line.split_once(": ")
                    .map_or(format!("{line} (without a reason)"), |(name, _)| name.to_owned()),
                at,
            )
        })
        .collect()
}

/// The parameter that a function lacks, if any.
fn missing(function: &Function<'_>, writing: &[&str]) -> Option<&'static str> {
    let takes = |what: &str| function.parameters.contains(what);
    let writes = function.body.contains(".execute(")
        || function.body.contains(".batch(")
        || writing.iter().any(|name| names(function.body, name));
    match (takes("&Permit<"), takes("&Scope<"), writes) {
        (false, _, true) => Some("&Permit<"),
        (false, false, false) => Some("&Scope<"),
        _ => None,
    }
}

/// Whether a body contains a statement's name as a whole word.
fn names(body: &str, statement: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    body.match_indices(&format!("&{statement}"))
        .any(|(at, found)| ends(&body[at + found.len()..]))
}

/// The names of the statements of a file that change rows, recognised by their first word.
fn writing(source: &str) -> Vec<&str> {
    let lines = source.lines().filter_map(|line| line.trim().split_once(" = \""));
    lines
        .filter(|(_, text)| {
            ["INSERT", "UPDATE", "DELETE"]
                .iter()
                .any(|begins| text.starts_with(begins))
        })
        .map(|(name, _)| name)
        .collect()
}

/// The public functions of a file that access the database.
fn functions(bare: &str) -> Vec<Function<'_>> {
    const PUBLIC_FN: &str = "pub async fn ";
    let starts = bare.match_indices(PUBLIC_FN).map(|(at, _)| at);
    let functions = starts.filter_map(|start| {
        let text = &bare[start + PUBLIC_FN.len()..];
        let (head, rest) = text.split_once('{')?;
        Some(Function {
            name: head.split(|c: char| !c.is_alphanumeric() && c != '_').next()?,
            line: bare[..start].matches('\n').count() + 1,
            parameters: head,
            body: &rest[..closing_brace(rest)],
        })
    });
    functions.collect()
}

/// The position of the brace that closes the one opened just before.
fn closing_brace(body: &str) -> usize {
    let mut depth = 1_usize;
    for (at, c) in body.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn violations(source: &str, exceptions: &str) -> Vec<(String, usize)> {
        let found = check(&[
            text("crates/repositories/src/mugs.rs", source),
            text(EXCEPTIONS, exceptions),
        ]);
        found
            .into_iter()
            .map(|violation| (violation.path, violation.line))
            .collect()
    }

    const READS: &str =
        "pub async fn find(&mut self, scope: &Scope<Mug>, id: MugId) -> Result<Mug> { one(&FIND) }";
    const UNCHECKED: &str = "\npub async fn find(&mut self, id: MugId) -> Result<Mug> { one(&FIND) }";

    fn end_all(parameter: &str) -> String {
        let begins = concat!("UPD", "ATE mugs SET ended = $1");
        format!(
            "END_ALL = \"{begins}\";\npub async fn end_all(&mut self, x: {parameter}) {{ self.0.all(&END_ALL) }}"
        )
    }

    #[test]
    fn reading_functions_take_a_scope() {
        assert_eq!(violations(READS, ""), []);
        assert_eq!(
            violations(UNCHECKED, ""),
            [("crates/repositories/src/mugs.rs".to_owned(), 2)]
        );
    }

    #[test]
    fn writing_functions_take_a_permit() {
        assert_eq!(violations(&end_all("&Permit<Mug>"), "").len(), 0);
        assert_eq!(violations(&end_all("&Scope<Mug>"), "").len(), 1);
        let named_like_it = "END = \"DELETE FROM a\";\npub async fn f(s: &Scope<A>) { all(&END_OF) }";
        assert_eq!(violations(named_like_it, ""), []);
        let executes = "pub async fn f(s: &Scope<A>) { self.0.execute(&SQL) }";
        assert_eq!(violations(executes, "").len(), 1);
    }

    #[test]
    fn a_body_ends_at_its_closing_brace() {
        let private = "pub async fn f(s: &Scope<A>) { if a { b() } }\nfn g() { self.0.execute(&SQL) }";
        assert_eq!(violations(private, ""), []);
        let nested = "pub async fn f(s: &Scope<A>) { if a { b() } self.0.execute(&SQL) }";
        assert_eq!(violations(nested, "").len(), 1);
    }

    #[test]
    fn an_exception_needs_a_reason_and_must_be_needed() {
        assert_eq!(violations(UNCHECKED, "# why\nmugs::find: unscoped"), []);
        let here = (EXCEPTIONS.to_owned(), 1);
        assert_eq!(violations(READS, "mugs::find: unscoped"), [here]);
        assert_eq!(violations(UNCHECKED, "mugs::find").len(), 2, "no reason");
    }

    #[test]
    fn ignores_tests_and_private_functions() {
        let source = "pub(crate) async fn a() {}\n#[cfg(test)]\npub async fn b() {}";
        assert_eq!(violations(source, ""), []);
    }
}
