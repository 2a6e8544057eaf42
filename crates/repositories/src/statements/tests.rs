//! Every statement is listed, and opens for what it declares.

use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The files that may construct statements: the macros, those that compose statements of fixed fragments, and this
/// one, whose tests construct none of their own.
const CONSTRUCTING_FILES: [&str; 5] = [
    "macros.rs",
    "sealed_columns.rs",
    "list.rs",
    "sized_statements.rs",
    "rows/statements.rs",
];

#[test]
fn every_statement_is_listed_for_the_test() {
    let source = include_str!("../statements.rs");
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 20, "the sources were not found");
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        if name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for constructor in ["sql!", "Sql::owned", "Sql::new", "Sql::spelled"] {
            let allowed = CONSTRUCTING_FILES.contains(&name) || !text.contains(constructor);
            assert!(allowed, "{name} makes a statement: {constructor}");
        }
        for declaration in text.split("\nimpl Table for ").skip(1) {
            let table = declaration.split([' ', '{']).next().unwrap();
            let listed = source.contains(&format!("table::<{table}>()"));
            assert!(listed, "statements.rs leaves out the table of {table}");
        }
        let module = name.trim_end_matches(".rs");
        for (declared, list) in [
            ("statements", "ALL"),
            ("changes", "CHANGES"),
            ("internal_changes", "INTERNAL"),
        ] {
            let complete = !text.contains(&format!("\n{declared}! {{"))
                || source.contains(&format!("crate::{module}::{list},"));
            assert!(complete, "statements.rs leaves out {module}::{list}");
        }
        let composed = text.matches(": List =").count() + text.matches(": SizedStatements<").count();
        assert_eq!(
            composed,
            source.matches(&format!("&crate::{module}::")).count(),
            "statements.rs leaves out a list or family of {module}"
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .collect()
}

#[test]
fn each_change_is_opened_by_its_own_actions_for_its_own_row_and_by_nothing_else() {
    let actions = every_action();
    let rows = [0, 1, 2].map(Uuid::from_u128);
    for (name, change) in changes() {
        let (
            _,
            Effect::Changes {
                actions: served,
                bulk,
                ..
            },
        ) = change.declaration()
        else {
            panic!("{name} is a guarded change");
        };
        for action in &actions {
            for (permitted, row) in rows.iter().flat_map(|a| rows.map(|b| (*a, b))) {
                let opens = served.contains(action) && (bulk || permitted == row);
                assert_eq!(
                    change.admits(SystemCaller::WORKER, *action, [permitted, row]),
                    opens,
                    "{name}: {action:?}"
                );
            }
        }
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "asks the developer who runs the tests, not the configuration, and renews a file of the repository"
)]
fn the_changes_are_the_reviewed_ones() {
    let mut page = "# Every statement that changes rows: the table, and the actions on which resource open it.\n\
                    # A permit is for one action on one row; \"every row\" is a permit of Mainstay itself for all \
                    rows.\n# Without a permit: the tables of Mainstay's own, as `InternalTable` says why.\n"
        .to_owned();
    for statement in all() {
        let name = statement.name.trim_start_matches("mainstay_repositories::");
        let line = match statement.effect {
            Effect::Reads => continue,
            Effect::Changes {
                table,
                resource,
                actions,
                bulk,
            } => {
                let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
                let rows = if bulk { ", every row" } else { "" };
                format!("{name}: {table} | {resource}: {}{rows}\n", actions.join(", "))
            }
            Effect::ChangesInternal(table) => format!("{name}: {} | without a permit\n", table.name()),
        };
        if !page.ends_with(&line) {
            page.push_str(&line);
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/changes.txt");
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(
        page,
        fs::read_to_string(&path).unwrap_or_default(),
        "If the change is meant, renew it by `UPDATE_CONTRACTS=1 cargo test -p mainstay-repositories --lib`"
    );
}

/// The actions that any change serves, and one that none does.
fn every_action() -> Vec<Action> {
    let declared = changes()
        .into_iter()
        .flat_map(|(_, change)| match change.declaration() {
            (_, Effect::Changes { actions, .. }) => actions.iter().copied(),
            _ => [].iter().copied(),
        });
    let mut all: Vec<Action> = declared.chain([Action::new("teleport")]).collect();
    all.sort_unstable_by_key(|action| action.as_str());
    all.dedup();
    all
}
