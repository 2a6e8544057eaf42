//! The public contract as text: compares the snapshots with the code.

use crate::App;
use mainstay_edge::RouteRow;
use std::path::Path;

const HEAD: &str = "\
# The access policy. `visible`: the first line that matches the caller decides which rows they see; without a match, none.
# `action`: which callers may perform it; actions that are not listed are reserved for the system, which may perform all.
# `permission`: what an administrator can grant. Generated: `UPDATE_CONTRACTS=1 cargo test -p mainstay-app` writes it.

";

/// Compares a text with its snapshot, or writes the snapshot if `UPDATE_CONTRACTS` is set.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the test run, not a setting of the application"
)]
fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../contracts")
        .join(name);
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let line = reviewed.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        reviewed == text,
        "contracts/{name} differs (line {:?}). If the change is intended, write it by `UPDATE_CONTRACTS=1 cargo test -p \
         mainstay-app` and review it.",
        line.map(|at| at + 1)
    );
}

fn app() -> App {
    App::builder().build().unwrap()
}

fn lines(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter()
        .map(|row| row.trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn the_policy_is_the_reviewed_one() {
    check("policy.txt", &format!("{HEAD}{}", app().definition().resources));
}

#[test]
fn the_document_is_the_reviewed_one() {
    check("openapi.json", &(app().openapi() + "\n"));
}

#[test]
fn the_routes_are_the_reviewed_ones() {
    check(
        "routes.txt",
        &lines(app().route_table().iter().map(RouteRow::to_string)),
    );
}

#[test]
fn nothing_becomes_public_unreviewed() {
    let public = |row: &RouteRow| {
        let RouteRow {
            method,
            path,
            use_case,
            ..
        } = row;
        format!("{method:<7} {path:<32} {use_case}")
    };
    let table = app().route_table();
    let rows = table.iter().filter(|row| row.public).map(public);
    check("public-operations.txt", &lines(rows));
}
