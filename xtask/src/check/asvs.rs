//! `docs/security/asvs.md` says row by row how OWASP ASVS 5.0 is met, and cannot name a test that does not exist.
//!
//! A row is `| 6.2.1 | 1 | met | where | tests |`. The state is `met`, `partly` or `no` (it applies and is not met), or
//! `n/a` (it does not apply). What shows it is a list of tests, each as `` `file::function` ``, or `by review`.

use std::collections::BTreeSet;

use super::violation::Violation;
use crate::project::Text;

const PAGE: &str = "docs/security/asvs.md";

/// The requirements of levels 1 and 2 in the chapters that the page covers: section, and its numbers with their level.
const REQUIREMENTS: &[(&str, &str)] = &[
    ("6.1", "122"),
    ("6.2", "111111112222"),
    ("6.3", "1122"),
    ("6.4", "1122"),
    ("6.5", "22222"),
    ("6.6", "222"),
    ("6.8", "2222"),
    ("7.1", "222"),
    ("7.2", "1111"),
    ("7.3", "22"),
    ("7.4", "11222"),
    ("7.5", "22"),
    ("7.6", "22"),
    ("8.1", "12"),
    ("8.2", "112"),
    ("8.3", "1"),
    ("8.4", "2"),
    ("9.1", "111"),
    ("9.2", "1222"),
    ("10.1", "22"),
    ("10.2", "22"),
    ("10.3", "2222"),
    ("10.4", "11111222222"),
    ("10.5", "22222"),
    ("10.6", "22"),
    ("10.7", "222"),
];

const STATES: [&str; 4] = ["met", "partly", "no", "n/a"];

/// A row of the table.
struct Row<'p> {
    line: usize,
    requirement: &'p str,
    level: &'p str,
    state: &'p str,
    place: &'p str,
    shown_by: &'p str,
}

/// Finds missing and repeated requirements, rows that say too little, and tests that do not exist.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let Some(page) = texts.iter().find(|text| text.path == PAGE) else {
        return vec![Violation::at(PAGE, 1, "the page is missing", "write it")];
    };
    let rows: Vec<Row<'_>> = page.body.lines().zip(1..).filter_map(row).collect();
    let tests = tests(texts);
    let mut violations: Vec<Violation> = rows.iter().flat_map(|row| faults(row, &tests)).collect();
    violations.extend(coverage(&rows));
    violations
}

/// A line of the table that begins with the number of a requirement.
fn row((line, number): (&str, usize)) -> Option<Row<'_>> {
    let cells: Vec<&str> = line
        .trim()
        .strip_prefix('|')?
        .strip_suffix('|')?
        .split('|')
        .map(str::trim)
        .collect();
    let requirement = *cells.first()?;
    let is_number = requirement.starts_with(|c: char| c.is_ascii_digit());
    let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
    is_number.then(|| Row {
        line: number,
        requirement,
        level: cell(1),
        state: cell(2),
        place: cell(3),
        shown_by: cell(4),
    })
}

/// What is wrong with a row by itself.
fn faults(row: &Row<'_>, tests: &BTreeSet<String>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut report = |reason: String, fix: &str| found.push(Violation::at(PAGE, row.line, reason, fix));
    if !STATES.contains(&row.state) {
        report(format!("`{}` is no state", row.state), "met, partly, no or n/a");
    }
    if row.place.is_empty() {
        report(
            format!("{} says neither where nor why", row.requirement),
            "say where it is met, or why not",
        );
    }
    let named: Vec<&str> = row.shown_by.split('`').skip(1).step_by(2).collect();
    if matches!(row.state, "met" | "partly") && named.is_empty() && row.shown_by != "by review" {
        report(
            format!("{} names nothing that shows it", row.requirement),
            "name a test, or `by review`",
        );
    }
    for test in named.into_iter().filter(|test| !tests.contains(*test)) {
        report(
            format!("there is no test `{test}`"),
            "name a test as `file::function`",
        );
    }
    found
}

/// Requirements that the table lacks, has twice, or gives another level.
fn coverage(rows: &[Row<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (requirement, level) in requirements() {
        let listed: Vec<&Row<'_>> = rows.iter().filter(|row| row.requirement == requirement).collect();
        match listed.as_slice() {
            [] => found.push(Violation::at(
                PAGE,
                1,
                format!("{requirement} is missing"),
                "add its row",
            )),
            [row] if row.level == level => {}
            [.., row] => found.push(Violation::at(
                PAGE,
                row.line,
                format!("{requirement} is listed twice, or its level is not {level}"),
                "one row, with the level of the standard",
            )),
        }
    }
    found
}

/// The numbers of the requirements and their levels.
fn requirements() -> impl Iterator<Item = (String, String)> {
    REQUIREMENTS.iter().flat_map(|(section, levels)| {
        levels
            .chars()
            .zip(1..)
            .map(move |(level, number)| (format!("{section}.{number}"), level.to_string()))
    })
}

/// Every function of a test file or a test module, as `file::function`; `mod.rs` and `main.rs` count as their folder.
fn tests(texts: &[Text]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in texts.iter().filter(|text| text.is("rs")) {
        let path = text.path.trim_end_matches(".rs");
        let mut parts = path.rsplit('/');
        let file = match parts.next() {
            Some("mod" | "main" | "lib") => parts.next(),
            file => file,
        };
        let body = if text.is_test() {
            text.body.as_str()
        } else {
            text.body
                .split_once("#[cfg(test)]")
                .map_or("", |(_, tests)| tests)
        };
        let functions = body
            .lines()
            .filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn "));
        for function in functions {
            let name = function.split(['(', '<']).next().unwrap_or_default();
            found.extend(file.map(|file| format!("{file}::{name}")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    const TEST: &str = "async fn it_holds(app: &TestApp) {}";

    /// A page with a good row for each requirement, with one of them replaced.
    fn page(requirement: &str, with: &str) -> Text {
        let rows = requirements().map(|(number, level)| {
            if number == requirement {
                with.to_owned()
            } else {
                format!("| {number} | {level} | met | login.rs | `login::it_holds` |")
            }
        });
        text(PAGE, &rows.collect::<Vec<_>>().join("\n"))
    }

    fn violations(with: &str) -> usize {
        check(&[page("6.2.1", with), text("crates/e2e/tests/e2e/login.rs", TEST)]).len()
    }

    #[test]
    fn a_complete_table_is_accepted() {
        assert_eq!(violations("| 6.2.1 | 1 | met | x | by review |"), 0);
        assert_eq!(violations("| 6.2.1 | 1 | n/a | there is no such thing | |"), 0);
        assert_eq!(requirements().count(), 96);
    }

    #[test]
    fn what_a_row_lacks_is_reported() {
        assert_eq!(violations(""), 1, "missing");
        assert_eq!(violations("| 6.2.1 | 2 | met | x | by review |"), 1, "level");
        assert_eq!(violations("| 6.2.1 | 1 | yes | x | by review |"), 1, "state");
        assert_eq!(violations("| 6.2.1 | 1 | met | | by review |"), 1, "place");
        assert_eq!(violations("| 6.2.1 | 1 | met | x | |"), 1, "nothing shows it");
        assert_eq!(
            violations("| 6.2.1 | 1 | met | x | `login::gone` |"),
            1,
            "no such test"
        );
        let twice = "| 6.2.1 | 1 | met | x | by review |\n| 6.2.1 | 1 | met | x | by review |";
        assert_eq!(violations(twice), 1, "twice");
    }

    #[test]
    fn functions_outside_of_tests_are_no_tests() {
        let source = text(
            "crates/domain/src/email.rs",
            "fn parse() {}\n#[cfg(test)]\nmod tests {\n fn folds() {}\n}",
        );
        let found = tests(&[source]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["email::folds"]);
    }
}
