//! The measured binaries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Fallible;
use super::measurement::Measurement;
use crate::project;

/// Paths of the programs.
pub(super) struct Programs {
    pub(super) mainstay: PathBuf,
    bench: PathBuf,
    /// The library for `LD_PRELOAD` that delays each sync.
    pub(super) slow_fsync: PathBuf,
    /// Cargo's target folder.
    pub(super) target: PathBuf,
}

impl Programs {
    /// Builds the programs with a profile, unless the existing ones are to be measured.
    pub(super) fn build(profile: &str, no_build: bool) -> Fallible<Self> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(project::root()).args([
            "build",
            "--profile",
            profile,
            "-p",
            "mainstay-cli",
            "-p",
            "mainstay-bench",
        ]);
        if !no_build && !cargo.status()?.success() {
            return Err("the binaries could not be built".into());
        }
        let target = target()?;
        let (built, slow_fsync) = (target.join(folder(profile)), target.join("slow_fsync.so"));
        let source = project::root().join("crates/bench/shim/slow_fsync.c");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&slow_fsync)
            .arg(source);
        if !cc.status()?.success() {
            return Err("crates/bench/shim/slow_fsync.c could not be compiled".into());
        }
        Ok(Self {
            mainstay: built.join("mainstay"),
            bench: built.join("mainstay-bench"),
            slow_fsync,
            target,
        })
    }

    /// The program of the load generator and the baselines, with these arguments.
    pub(super) fn bench(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bench);
        command.args(arguments);
        command
    }

    /// Runs it to its end and parses its output, if any.
    pub(super) fn output(&self, arguments: &[&str]) -> Fallible<Value> {
        output(self.bench(arguments))
    }

    /// Runs it to its end and parses the measurement that it printed.
    pub(super) fn measurement(&self, arguments: &[&str]) -> Fallible<Measurement> {
        Measurement::read(&self.output(arguments)?)
            .map_err(|error| format!("{}: {error}", arguments.join(" ")).into())
    }

    /// The same with a millisecond added to each sync.
    pub(super) fn slow_measurement(&self, arguments: &[&str]) -> Fallible<Measurement> {
        let mut command = self.bench(arguments);
        command.env("LD_PRELOAD", &self.slow_fsync);
        Measurement::read(&output(command)?)
            .map_err(|error| format!("{}: {error}", arguments.join(" ")).into())
    }
}

/// The folder of a profile below cargo's target folder.
fn folder(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        other => other,
    }
}

fn output(mut command: Command) -> Fallible<Value> {
    let answer = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !answer.status.success() {
        let arguments: Vec<_> = command
            .get_args()
            .map(|argument| argument.to_string_lossy())
            .collect();
        return Err(format!("mainstay-bench {} failed", arguments.join(" ")).into());
    }
    let text = String::from_utf8_lossy(&answer.stdout);
    Ok(text
        .lines()
        .last()
        .map(serde_json::from_str)
        .transpose()?
        .unwrap_or_default())
}

/// The target folder, as cargo reports it.
fn target() -> Fallible<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(project::root())
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_slice(&cargo.output()?.stdout)?;
    let folder = metadata
        .get("target_directory")
        .and_then(Value::as_str)
        .ok_or("cargo names no target folder")?;
    Ok(Path::new(folder).to_owned())
}
