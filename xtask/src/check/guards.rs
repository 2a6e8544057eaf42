//! Repositories ask for leave: what reads takes a `&Scope<`, what writes takes a `&Permit<`. The exceptions are
//! reviewed, one line each with its reason; a line that is no longer needed has to go.

use std::collections::BTreeMap;

use super::code;
use super::fault::Fault;
use crate::project::Text;

const HOME: &str = "crates/repositories/src/";
const EXCEPTIONS: &str = "contracts/without-leave.txt";

/// A function that others call, as far as this rule needs to know it.
struct Function<'a> {
    name: &'a str,
    line: usize,
    parameters: &'a str,
    body: &'a str,
}

/// Finds functions that ask for no leave and are no exception, and exceptions that excuse nothing.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut excused = exceptions(texts);
    let mut faults = Vec::new();
    for text in texts
        .iter()
        .filter(|text| text.path.starts_with(HOME) && text.is("rs"))
    {
        let noun = text.path[HOME.len()..].trim_end_matches(".rs").replace('/', "::");
        let source = text.body.split("#[cfg(test)]").next().unwrap_or_default();
        let bare = code::split(source).bare;
        let writing = writing(source);
        for function in functions(&bare) {
            let Some(missing) = missing(&function, &writing) else {
                continue;
            };
            let name = format!("{noun}::{}", function.name);
            if excused.remove(&name).is_none() {
                faults.push(Fault::at(
                    &text.path,
                    function.line,
                    format!("`{name}` takes no `{missing}…>`"),
                    format!(
                        "ask for it and filter by it, or say in {EXCEPTIONS} why nobody's leave is needed"
                    ),
                ));
            }
        }
    }
    let idle = excused.into_iter().map(|(name, line)| {
        let reason = format!("`{name}` needs no exception, or gives no reason for it");
        Fault::at(
            EXCEPTIONS,
            line,
            reason,
            "take the line out, or say why: `noun::function: why`",
        )
    });
    faults.extend(idle);
    faults
}

/// The names that are excused, with their lines. One without a reason excuses nothing.
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

/// What a function lacks, if anything.
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

/// Whether a body names a statement as a whole word.
fn names(body: &str, statement: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    body.match_indices(&format!("&{statement}"))
        .any(|(at, found)| ends(&body[at + found.len()..]))
}

/// The names of the statements of a file that change rows, by how their texts begin.
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

/// The functions of a file that others call and that reach the database.
fn functions(bare: &str) -> Vec<Function<'_>> {
    const BEGINS: &str = "pub async fn ";
    let starts = bare.match_indices(BEGINS).map(|(at, _)| at);
    let functions = starts.filter_map(|start| {
        let text = &bare[start + BEGINS.len()..];
        let (head, rest) = text.split_once('{')?;
        Some(Function {
            name: head.split(|c: char| !c.is_alphanumeric() && c != '_').next()?,
            line: bare[..start].matches('\n').count() + 1,
            parameters: head,
            body: &rest[..closes(rest)],
        })
    });
    functions.collect()
}

/// Where the brace closes that was opened just before.
fn closes(body: &str) -> usize {
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

    fn faults(source: &str, exceptions: &str) -> Vec<(String, usize)> {
        let found = check(&[
            text("crates/repositories/src/mugs.rs", source),
            text(EXCEPTIONS, exceptions),
        ]);
        found.into_iter().map(|fault| (fault.path, fault.line)).collect()
    }

    const READS: &str =
        "pub async fn find(&mut self, scope: &Scope<Mug>, id: MugId) -> Result<Mug> { one(&FIND) }";
    const UNASKED: &str = "\npub async fn find(&mut self, id: MugId) -> Result<Mug> { one(&FIND) }";

    fn end_all(leave: &str) -> String {
        let begins = concat!("UPD", "ATE mugs SET ended = $1");
        format!(
            "END_ALL = \"{begins}\";\npub async fn end_all(&mut self, x: {leave}) {{ self.0.all(&END_ALL) }}"
        )
    }

    #[test]
    fn what_reads_takes_a_scope() {
        assert_eq!(faults(READS, ""), []);
        assert_eq!(
            faults(UNASKED, ""),
            [("crates/repositories/src/mugs.rs".to_owned(), 2)]
        );
    }

    #[test]
    fn what_writes_takes_a_permit() {
        assert_eq!(faults(&end_all("&Permit<Mug>"), "").len(), 0);
        assert_eq!(faults(&end_all("&Scope<Mug>"), "").len(), 1);
        let named_like_it = "END = \"DELETE FROM a\";\npub async fn f(s: &Scope<A>) { all(&END_OF) }";
        assert_eq!(faults(named_like_it, ""), []);
        let executes = "pub async fn f(s: &Scope<A>) { self.0.execute(&SQL) }";
        assert_eq!(faults(executes, "").len(), 1);
    }

    #[test]
    fn a_body_ends_where_it_ends() {
        let private = "pub async fn f(s: &Scope<A>) { if a { b() } }\nfn g() { self.0.execute(&SQL) }";
        assert_eq!(faults(private, ""), []);
        let nested = "pub async fn f(s: &Scope<A>) { if a { b() } self.0.execute(&SQL) }";
        assert_eq!(faults(nested, "").len(), 1);
    }

    #[test]
    fn an_exception_has_a_reason_and_excuses_something() {
        assert_eq!(faults(UNASKED, "# why\nmugs::find: nobody's"), []);
        let here = (EXCEPTIONS.to_owned(), 1);
        assert_eq!(faults(READS, "mugs::find: nobody's"), [here]);
        assert_eq!(faults(UNASKED, "mugs::find").len(), 2, "no reason");
    }

    #[test]
    fn tests_and_what_is_not_called_from_outside_are_free() {
        let source = "pub(crate) async fn a() {}\n#[cfg(test)]\npub async fn b() {}";
        assert_eq!(faults(source, ""), []);
    }
}
