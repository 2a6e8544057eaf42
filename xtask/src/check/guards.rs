//! Functions of the repositories that return rows take a `&Scope<`, or a permit if they change these rows. The
//! exceptions are reviewed, one line each with its reason; an unnecessary line has to be removed. A function that only
//! executes changes is not checked here: the types of the database API refuse a change without a permit.

use super::code;
use super::exceptions::Exceptions;
use super::violation::Violation;
use crate::project::Text;

const REPOSITORIES: &str = "crates/repositories/src/";
const EXCEPTIONS: &str = "contracts/unscoped.txt";
const AUTHORISATIONS: [&str; 3] = ["&Scope<", "&Permit<", "&BulkPermit<"];
const CHANGES: [&str; 3] = [".execute(", ".batch(", ".exempt()"];
const READS: [&str; 5] = [".all(", ".optional(", ".one(", ".page(", ".execute_returning_"];

/// A public function, as far as this rule needs to know it.
struct Function<'a> {
    name: &'a str,
    line: usize,
    parameters: &'a str,
    body: &'a str,
}

/// Finds functions that read without a scope and are no exception, and exceptions that are not needed.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut excepted = Exceptions::read(texts, EXCEPTIONS);
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
        for function in functions(&bare).into_iter().filter(is_unscoped) {
            let name = format!("{noun}::{}", function.name);
            if !excepted.has(&name) {
                violations.push(Violation::at(
                    &text.path,
                    function.line,
                    format!("`{name}` takes no `&Scope<…>`"),
                    format!("filter by a scope, or write in {EXCEPTIONS} why none is needed"),
                ));
            }
        }
    }
    violations.extend(excepted.unused());
    violations
}

/// Whether a function may read rows and takes neither scope nor permit. One whose calls are not plain, such as one that
/// calls a helper, counts as reading.
fn is_unscoped(function: &Function<'_>) -> bool {
    let contains = |calls: &[&str]| calls.iter().any(|call| function.body.contains(call));
    let authorised = AUTHORISATIONS
        .iter()
        .any(|what| function.parameters.contains(what));
    let only_changes = contains(&CHANGES) && !contains(&READS);
    !authorised && !only_changes
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

    #[test]
    fn reading_functions_take_a_scope() {
        assert_eq!(violations(READS, ""), []);
        assert_eq!(
            violations(UNCHECKED, ""),
            [("crates/repositories/src/mugs.rs".to_owned(), 2)]
        );
    }

    #[test]
    fn functions_that_return_rows_take_a_scope_and_those_that_only_change_rows_do_not() {
        let function = |body: &str| format!("pub async fn f(&mut self, id: MugId) {{ {body} }}");
        for reads in [
            "self.0.all(&FIND, &[])",
            "self.helper()",
            "self.0.execute(A.exempt(), &[]); self.0.one(&COUNT, &[])",
            "self.0.execute_returning_all(CLAIM.exempt(), &[])",
        ] {
            assert_eq!(violations(&function(reads), "").len(), 1, "{reads}");
        }
        for changes in [
            "self.0.execute(A.exempt(), &[])",
            "if a { b() } self.0.batch(&rows)",
        ] {
            assert_eq!(violations(&function(changes), ""), [], "{changes}");
        }
        let permitted = "pub async fn f(permit: &Permit<A>) { self.0.execute_returning_all(a, &[]) }";
        assert_eq!(violations(permitted, ""), []);
    }

    #[test]
    fn a_body_ends_at_its_closing_brace() {
        let private = "pub async fn f(a: A) { if a { b() } self.0.execute(a) }\nfn g() { self.0.all(&SQL) }";
        assert_eq!(violations(private, ""), []);
        let nested = "pub async fn f(a: A) { if a { b() } self.0.all(&SQL) }";
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
