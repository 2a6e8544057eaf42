//! The environment variables that xtask reads.

use std::ffi::OsString;
use std::path::PathBuf;

/// The value of a variable, or `None` when it is unset, empty or not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no configuration file: environment variables configure it"
)]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folders in which the shell looks for programs, in its order.
#[expect(
    clippy::disallowed_methods,
    reason = "programs are found by the same search path as in the shell"
)]
pub(crate) fn search_path() -> Vec<PathBuf> {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}
