//! Detects CI and reports skipped tests, bypassing the output capture of the test harness; in CI a skipped test is a
//! failure.
//!
//! One file for all test harnesses: those of the layers below the testkit and `xtask` cannot depend on the
//! testkit, so they include this file by its path.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write as _;
use std::sync::Mutex;

/// Whether this runs in CI: `CI` is set, and is not empty, `false` or `0`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests and xtask are configured by environment variables; no configuration has been read"
)]
pub(crate) fn is_ci() -> bool {
    is_truthy(std::env::var("CI").ok().as_deref())
}

fn is_truthy(ci: Option<&str>) -> bool {
    ci.is_some_and(|value| !matches!(value, "" | "false" | "0"))
}

/// Reports, once per process, that something was not tested.
///
/// # Panics
/// In CI.
pub(crate) fn skip(what: &str, why: &dyn Display) {
    static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    assert!(!is_ci(), "CI is set, and this cannot be tested: {what}: {why}");
    let first = REPORTED
        .lock()
        .is_ok_and(|mut reported| reported.insert(what.to_owned()));
    if first {
        // Not `eprintln!`, whose output the harness captures when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what}: {why}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ci_is_detected_by_the_environment_variable() {
        for ci in ["true", "1", "yes", "github"] {
            assert!(super::is_truthy(Some(ci)), "{ci}");
        }
        for ci in [None, Some(""), Some("false"), Some("0")] {
            assert!(!super::is_truthy(ci), "{ci:?}");
        }
    }
}
