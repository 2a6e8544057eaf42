//! What cannot be tested here is said past the test harness, and is a failure where nobody watches.
//!
//! One file for all that run tests: the harnesses of the floors below the testkit and the chores cannot depend on it,
//! so they include it by its path.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write as _;
use std::sync::Mutex;

/// Whether this runs unattended: `CI` is set, and is not empty, `false` or `0`.
#[expect(
    clippy::disallowed_methods,
    reason = "no configuration has been read: this is what tests and chores are told by"
)]
pub(crate) fn unattended() -> bool {
    says_so(std::env::var("CI").ok().as_deref())
}

fn says_so(ci: Option<&str>) -> bool {
    ci.is_some_and(|value| !matches!(value, "" | "false" | "0"))
}

/// Says loudly, once a process, that something was not tested.
///
/// # Panics
/// Unattended.
pub(crate) fn skip(what: &str, why: &dyn Display) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    assert!(
        !unattended(),
        "CI is set, and this cannot be tested: {what}: {why}"
    );
    let news = SAID.lock().is_ok_and(|mut said| said.insert(what.to_owned()));
    if news {
        // Not by the macros, whose words the harness keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what}: {why}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn unattended_is_what_ci_says() {
        for ci in ["true", "1", "yes", "github"] {
            assert!(super::says_so(Some(ci)), "{ci}");
        }
        for ci in [None, Some(""), Some("false"), Some("0")] {
            assert!(!super::says_so(ci), "{ci:?}");
        }
    }
}
