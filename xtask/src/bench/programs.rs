//! The release binaries, built as they are shipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Fallible;
use super::figure::Figure;
use crate::project;

/// Where the programs are.
pub(super) struct Programs {
    pub(super) mainstay: PathBuf,
    bench: PathBuf,
    /// What slows each sync down, once it is in `LD_PRELOAD`.
    pub(super) slow_fsync: PathBuf,
    /// Where everything that is built is.
    pub(super) target: PathBuf,
}

impl Programs {
    /// Builds what has changed, unless it is to be taken as it is.
    pub(super) fn build(as_built: bool) -> Fallible<Self> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(project::root()).args([
            "build",
            "--release",
            "-p",
            "mainstay-cli",
            "-p",
            "mainstay-bench",
        ]);
        if !as_built && !cargo.status()?.success() {
            return Err("the release binaries could not be built".into());
        }
        let target = target()?;
        let (release, slow_fsync) = (target.join("release"), target.join("slow_fsync.so"));
        let source = project::root().join("crates/bench/shim/slow_fsync.c");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&slow_fsync)
            .arg(source);
        if !cc.status()?.success() {
            return Err("crates/bench/shim/slow_fsync.c could not be compiled".into());
        }
        Ok(Self {
            mainstay: release.join("mainstay"),
            bench: release.join("mainstay-bench"),
            slow_fsync,
            target,
        })
    }

    /// The program of the load and the floors, with these arguments.
    pub(super) fn bench(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bench);
        command.args(arguments);
        command
    }

    /// Runs it to its end and reads what it told, if anything.
    pub(super) fn ask(&self, arguments: &[&str]) -> Fallible<Value> {
        told(self.bench(arguments))
    }

    /// Runs it to its end and reads the figure it told.
    pub(super) fn figure(&self, arguments: &[&str]) -> Fallible<Figure> {
        Figure::read(&self.ask(arguments)?).map_err(|why| format!("{}: {why}", arguments.join(" ")).into())
    }

    /// The same with a millisecond added to each sync.
    pub(super) fn slow_figure(&self, arguments: &[&str]) -> Fallible<Figure> {
        let mut command = self.bench(arguments);
        command.env("LD_PRELOAD", &self.slow_fsync);
        Figure::read(&told(command)?).map_err(|why| format!("{}: {why}", arguments.join(" ")).into())
    }
}

fn told(mut command: Command) -> Fallible<Value> {
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

/// Cargo knows best where it puts what it builds.
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
