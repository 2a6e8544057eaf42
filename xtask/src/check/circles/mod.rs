//! Files do not import each other in a circle, except a parent module and its children: a reader can then understand
//! them one after the other.

mod graph;
mod imports;
mod modules;

use super::violation::Violation;
use crate::project::Text;
use graph::{Edge, circles};
use modules::Modules;

/// The sources of the crates whose files are checked.
const CHECKED: [&str; 9] = [
    "crates/background/src/",
    "crates/cli/src/",
    "crates/edge/src/",
    "crates/engine/src/",
    "crates/integrations/src/",
    "crates/platform/src/",
    "crates/rest/src/",
    "crates/services/src/",
    "crates/views/src/",
];

/// Finds the shortest circle of each group of files that import each other.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    CHECKED
        .into_iter()
        .flat_map(|root| check_crate(texts, root))
        .collect()
}

fn check_crate(texts: &[Text], root: &str) -> Vec<Violation> {
    let edges = Modules::read(texts, root).edges();
    circles(&edges)
        .into_iter()
        .map(|circle| violation(root, &circle))
        .collect()
}

fn violation(root: &str, circle: &[&Edge<'_>]) -> Violation {
    let name = |path: &str| path.trim_start_matches(root).to_owned();
    let mut files: Vec<String> = circle.iter().map(|edge| name(edge.from)).collect();
    files.extend(files.first().cloned());
    let (path, line) = circle.first().map_or(("", 1), |edge| (edge.from, edge.line));
    Violation::at(
        path,
        line,
        format!("a circle of files: {}", files.join(" -> ")),
        "move what both sides need to a file of its own, or pass it as a parameter",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn found(files: &[(&str, &str)]) -> Vec<(String, usize, String)> {
        let texts: Vec<Text> = files
            .iter()
            .map(|(path, body)| text(&format!("crates/engine/src/{path}"), body))
            .collect();
        let violations = check(&texts).into_iter();
        violations
            .map(|violation| (violation.path, violation.line, violation.reason))
            .collect()
    }

    fn reasons(files: &[(&str, &str)]) -> Vec<String> {
        found(files).into_iter().map(|(_, _, reason)| reason).collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "\nuse crate::b::B;\npub struct A;"),
            ("b.rs", "use super::a::{A as Other};\npub struct B;"),
        ];
        let reason = "a circle of files: a.rs -> b.rs -> a.rs".to_owned();
        assert_eq!(found(&files), [("crates/engine/src/a.rs".to_owned(), 2, reason)]);
    }

    #[test]
    fn the_shortest_circle_is_reported_and_each_group_once() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::{a::A, b::B};"),
            ("d.rs", "use crate::a::A;"),
        ];
        assert_eq!(reasons(&files), ["a circle of files: b.rs -> c.rs -> b.rs"]);
    }

    #[test]
    fn a_parent_and_its_children_are_no_circle() {
        let files = [
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod child;\nuse child::run;\npub struct A;"),
            ("a/child.rs", "use super::A;\npub fn run(a: crate::a::A) {}"),
        ];
        assert_eq!(reasons(&files), [""; 0]);
    }

    #[test]
    fn a_circle_through_a_reexport_is_found_and_siblings_are_not_hidden_by_their_parent() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            (
                "a/mod.rs",
                "mod one;\nmod two;\npub use one::One;\npub(crate) use two::Two;",
            ),
            ("a/one.rs", "use crate::b::B;"),
            ("a/two.rs", "pub struct Two;"),
            ("b.rs", "use crate::a::One;"),
        ];
        assert_eq!(
            reasons(&files),
            ["a circle of files: a/one.rs -> b.rs -> a/one.rs"]
        );
        let other_half = [
            files[0],
            files[1],
            files[2],
            files[3],
            ("b.rs", "use crate::a::Two;"),
        ];
        assert_eq!(
            reasons(&other_half),
            [""; 0],
            "`Two` is not in the file that needs `B`"
        );
        let siblings = [
            ("lib.rs", "mod a;"),
            (
                "a/mod.rs",
                "mod one;\nmod two;\npub use one::One;\npub use two::Two;",
            ),
            ("a/one.rs", "use super::Two;"),
            ("a/two.rs", "use super::One;"),
        ];
        assert_eq!(
            reasons(&siblings),
            ["a circle of files: a/one.rs -> a/two.rs -> a/one.rs"]
        );
    }

    #[test]
    fn paths_without_an_import_count_and_tests_and_comments_do_not() {
        let files = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a.rs", "fn f() { crate::b::g() }"),
            ("b.rs", "pub fn g() { super::a::f() }"),
        ];
        assert_eq!(reasons(&files), ["a circle of files: a.rs -> b.rs -> a.rs"]);
        let tests = "// super::a::f()\npub fn g() {}\n#[cfg(test)]\nmod tests {\n    use crate::a::f;\n}";
        assert_eq!(reasons(&[files[0], files[1], ("b.rs", tests)]), [""; 0]);
    }
}
