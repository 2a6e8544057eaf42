//! The few variables that the chores listen to.

use std::ffi::OsString;
use std::path::PathBuf;

/// The value of a variable, or `None` when it is unset, empty or not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "the chores have no configuration file: this is where they are told"
)]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folders in which the shell looks for programs, in its order.
#[expect(
    clippy::disallowed_methods,
    reason = "the search path is what the shell itself goes by"
)]
pub(crate) fn search_path() -> Vec<PathBuf> {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}
