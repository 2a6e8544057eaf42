//! The access policy as text: compares the snapshot with the code.

use crate::App;
use std::path::Path;

const HEAD: &str = "\
# The access policy. `visible`: the first line that matches the caller decides which rows they see; without a match, none.
# `action`: which callers may perform it; actions that are not listed are reserved for the system, which may perform all.
# `permission`: what an administrator can grant. Generated: `UPDATE_CONTRACTS=1 cargo test -p mainstay-app` writes it.

";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the test run, not a setting of the application"
)]
fn the_policy_is_the_reviewed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/policy.txt");
    let app = App::builder().build().unwrap();
    let text = format!("{HEAD}{}", app.definition().resources);
    if std::env::var_os("UPDATE_CONTRACTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let line = reviewed.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        reviewed == text,
        "contracts/policy.txt differs (line {:?}). If the change is intended, write it by `UPDATE_CONTRACTS=1 cargo test \
         -p mainstay-app` and review it.",
        line.map(|at| at + 1)
    );
}
