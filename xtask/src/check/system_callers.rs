//! Work in the name of Mainstay itself: each function that names a system caller stands in a reviewed list, with the
//! caller that it names and the reason; a line that is no longer needed has to be removed.
//!
//! A system caller may do everything, and only the constants of `SystemCaller` are one.

use super::code;
use super::exceptions::Exceptions;
use super::violation::Violation;
use crate::project::Text;

const REASONS: &str = "contracts/system-callers.txt";
const NAMED: &str = "SystemCaller::";
/// Where the callers are declared, and crates that only tests use.
const EXEMPT: &[&str] = &[
    "crates/domain/src/access",
    "crates/testkit",
    "crates/e2e",
    "xtask",
];

/// Finds uses without a line, and lines without a use.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut reasons = Exceptions::read(texts, REASONS);
    let mut violations = Vec::new();
    for text in texts
        .iter()
        .filter(|text| text.is("rs") && !text.is_test() && !text.is_in(EXEMPT))
    {
        let source = text
            .body
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        for used in uses(&text.path, &code::split(source).bare) {
            if !reasons.has(&used.name) {
                violations.push(Violation::at(
                    &text.path,
                    used.line,
                    format!("`{}` acts in the name of Mainstay itself", used.name),
                    format!("use the caller's own scope or permit, or write the reason in {REASONS}"),
                ));
            }
        }
    }
    violations.extend(reasons.unused());
    violations
}

/// A system caller that a function names.
struct Use {
    name: String,
    line: usize,
}

fn uses(path: &str, bare: &str) -> Vec<Use> {
    let module = module(path);
    let (mut function, mut found) = (String::new(), Vec::new());
    for (line, at) in bare.lines().zip(1..) {
        if let Some(name) = declared(line) {
            function = name.to_owned();
        }
        for (position, _) in line.match_indices(NAMED) {
            let caller = word(&line[position + NAMED.len()..]);
            found.push(Use {
                name: format!("{module}::{function} as {caller}"),
                line: at,
            });
        }
        // Under another name it would not be found.
        if line.contains("SystemCaller as ") {
            found.push(Use {
                name: format!("{module}::{function} as an alias"),
                line: at,
            });
        }
    }
    found
}

/// The module of a file: crate and path, `services::order::expire`.
fn module(path: &str) -> String {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    let path = path.trim_end_matches(".rs").replace("/src/", "/");
    let path = path.trim_end_matches("/mod").trim_end_matches("/lib");
    path.replace('/', "::")
}

/// The name of the function that a line declares.
fn declared(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_declaration = before.is_empty() || before.ends_with(' ');
    let name = word(after);
    (is_declaration && !name.is_empty()).then_some(name)
}

/// The identifier at the start of a text.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    const PATH: &str = "crates/services/src/mug/mod.rs";
    const SOURCE: &str = "impl Mugs {\n    pub(crate) async fn wash(&self) {\n        \
                          self.scope_of(SystemCaller::WORKER)\n    }\n}";

    fn violations(path: &str, source: &str, reasons: &str) -> Vec<(String, usize)> {
        let found = check(&[text(path, source), text(REASONS, reasons)]);
        found
            .into_iter()
            .map(|violation| (violation.path, violation.line))
            .collect()
    }

    #[test]
    fn each_use_needs_a_line_with_a_reason() {
        let here = (PATH.to_owned(), 3);
        assert_eq!(violations(PATH, SOURCE, "# why"), std::slice::from_ref(&here));
        assert_eq!(
            violations(PATH, SOURCE, "services::mug::wash as WORKER: a job"),
            []
        );
        assert_eq!(violations(PATH, SOURCE, "services::mug::wash as WORKER").len(), 2);
        let other = violations(PATH, SOURCE, "services::mug::wash as SETUP: a job");
        assert_eq!(other, [here, (REASONS.to_owned(), 1)]);
    }

    #[test]
    fn one_line_is_for_one_function_and_each_line_is_needed() {
        let twice = SOURCE.replace("WORKER)", "WORKER); f(SystemCaller::WORKER)");
        assert_eq!(
            violations(PATH, &twice, "services::mug::wash as WORKER: a job"),
            []
        );
        let second = format!("{SOURCE}\nfn dry() {{ f(SystemCaller::WORKER) }}");
        assert_eq!(
            violations(PATH, &second, "services::mug::wash as WORKER: a job"),
            [(PATH.to_owned(), 6)]
        );
        assert_eq!(
            violations(PATH, "fn wash() {}", "services::mug::wash as WORKER: a job").len(),
            1
        );
    }

    #[test]
    fn another_name_for_the_type_is_refused_and_tests_are_not_read() {
        assert_eq!(violations(PATH, "use access::SystemCaller as Root;", "").len(), 1);
        assert_eq!(violations("crates/services/tests/all/mug.rs", SOURCE, ""), []);
        let inside = format!("#[cfg(test)]\nmod tests {{\n{SOURCE}\n}}");
        assert_eq!(violations(PATH, &inside, ""), []);
        assert_eq!(
            violations(
                PATH,
                "// SystemCaller::WORKER\nlet a = \"SystemCaller::WORKER\";",
                ""
            ),
            []
        );
    }
}
