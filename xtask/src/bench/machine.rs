//! The machine on which the measurements were taken.

use std::fmt;
use std::process::Command;

use serde_json::Value;

use super::Fallible;
use super::folder::Folder;
use super::programs::Programs;
use crate::project;

/// The machine, the date and the commit.
pub(super) struct Machine {
    properties: Value,
    commit: String,
    rustc: String,
}

/// Reads the properties of the machine, the commit and the compiler's version.
pub(super) fn read(programs: &Programs, folder: &Folder) -> Fallible<Machine> {
    let properties = programs.output(&["machine", &folder.path().to_string_lossy()])?;
    let dirty = output_of("git", &["status", "--porcelain", "--untracked-files=no"])
        .is_some_and(|changes| !changes.is_empty());
    let commit =
        output_of("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let commit = if dirty {
        format!("{commit} and uncommitted changes")
    } else {
        commit
    };
    Ok(Machine {
        properties,
        commit,
        rustc: output_of("rustc", &["--version"]).unwrap_or_default(),
    })
}

fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
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
        let text = |key: &str| {
            self.properties
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or("unknown")
        };
        let number = |key: &str| self.properties.get(key).and_then(Value::as_u64).unwrap_or(0);
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
