//! What the figures were taken on.

use std::fmt;
use std::process::Command;

use serde_json::Value;

use super::Fallible;
use super::folder::Folder;
use super::programs::Programs;
use crate::project;

/// A machine, a day and what was built.
pub(super) struct Machine {
    told: Value,
    commit: String,
    rustc: String,
}

/// Asks the machine, git and the compiler.
pub(super) fn look(programs: &Programs, folder: &Folder) -> Fallible<Machine> {
    let told = programs.ask(&["machine", &folder.path().to_string_lossy()])?;
    let dirty = said("git", &["status", "--porcelain", "--untracked-files=no"])
        .is_some_and(|changes| !changes.is_empty());
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let commit = if dirty {
        format!("{commit} and changes not committed")
    } else {
        commit
    };
    Ok(Machine {
        told,
        commit,
        rustc: said("rustc", &["--version"]).unwrap_or_default(),
    })
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let answer = Command::new(program)
        .args(arguments)
        .current_dir(project::root())
        .output()
        .ok()?;
    answer
        .status
        .success()
        .then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}

/// A list in Markdown.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |key: &str| self.told.get(key).and_then(Value::as_str).unwrap_or("unknown");
        let number = |key: &str| self.told.get(key).and_then(Value::as_u64).unwrap_or(0);
        let day = text("now").get(..10).unwrap_or("unknown");
        writeln!(f, "- {day}, commit {}", self.commit)?;
        writeln!(
            f,
            "- {} cores, {}, {} MiB of memory, Linux {}; writing 4 KiB and `fdatasync`: {} µs",
            number("cores"),
            text("processor"),
            number("memory_mib"),
            text("kernel"),
            number("sync_us")
        )?;
        write!(f, "- {}, SQLite {}", self.rustc, text("sqlite"))
    }
}
