//! `cargo xtask fuzz`: builds the fuzz targets with coverage instrumentation and runs each for a while.
//!
//! libFuzzer needs of the compiler only LLVM's coverage pass, which the stable toolchain has. The sanitizers, which it
//! has not, look for faults of memory that safe Rust excludes.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::project;
use arguments::Arguments;
use outcome::Outcome;

mod arguments;
mod outcome;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// As `cargo fuzz` instruments it.
const FLAGS: [&str; 9] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=4",
    "-Clink-dead-code",
];

/// Longest input, in bytes: the longest token or cursor that is accepted, and most of a settings file.
const MAX_BYTES: &str = "4096";
/// An input that takes longer, in seconds, is a finding.
const TIMEOUT: &str = "10";

/// Builds the targets and runs them, two at a time. `Ok(false)` when an input was found that breaks a promise.
pub(crate) fn run(arguments: &[String]) -> Fallible<bool> {
    let arguments = Arguments::read(arguments)?;
    let programs = build()?;
    if let Some(input) = &arguments.input {
        let status = Command::new(programs.join(format!("fuzz_{}", arguments.targets[0])))
            .arg(input)
            .status()?;
        return Ok(status.success());
    }
    let mut found = 0;
    for pair in arguments.targets.chunks(2) {
        let running: Vec<Running> = pair
            .iter()
            .map(|target| Running::start(&programs, target, arguments.seconds))
            .collect::<Fallible<_>>()?;
        for target in running {
            found += u32::from(!target.finish()?);
        }
    }
    println!(
        "{} targets, {} s each: {found} with a finding",
        arguments.targets.len(),
        arguments.seconds
    );
    Ok(found == 0)
}

/// Builds the programs and returns their folder.
fn build() -> Fallible<PathBuf> {
    let host = host()?;
    let folder = project::root().join("target/fuzz");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(project::root())
        .args(["build", "--package", "mainstay-fuzz", "--bins", "--locked", "--profile", "fuzz"])
        // With a target of its own, only the programs are instrumented, and not what runs during the build.
        .args(["--target", &host])
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    if !cargo.status()?.success() {
        return Err("the fuzz targets could not be built".into());
    }
    Ok(folder.join(host).join("fuzz"))
}

fn host() -> Fallible<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc names no host")?.to_owned())
}

/// A target that is running.
struct Running {
    name: &'static str,
    process: Child,
    log: PathBuf,
}

impl Running {
    fn start(programs: &Path, name: &'static str, seconds: u64) -> Fallible<Self> {
        let root = project::root();
        let work = root.join("target/fuzz/work").join(name);
        let corpus = work.join("corpus");
        fs::create_dir_all(&corpus)?;
        let log = work.join("log");
        let file = fs::File::create(&log)?;
        let mut program = Command::new(programs.join(format!("fuzz_{name}")));
        program
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_BYTES}"))
            .arg(format!("-timeout={TIMEOUT}"))
            .arg(format!("-artifact_prefix={}/", work.display()))
            .args(["-print_final_stats=1", "-rss_limit_mb=1024"])
            // The first folder also receives what is found; the others are only read.
            .arg(&corpus)
            .args([root.join("fuzz/corpus").join(name)].iter().filter(|seeds| seeds.is_dir()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        Ok(Self {
            name,
            process: program.spawn()?,
            log,
        })
    }

    /// Waits for it, and prints one line, or the finding.
    fn finish(mut self) -> Fallible<bool> {
        let good = self.process.wait()?.success();
        let log = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        let outcome = Outcome::read(&log);
        if good && outcome.inputs.is_some() {
            println!("{:<18} {outcome}", self.name);
            return Ok(true);
        }
        println!("{:<18} FOUND:\n{}", self.name, outcome::finding(&log));
        if let Some(file) = &outcome.finding {
            println!("again: cargo xtask fuzz {} --input {file}", self.name);
        }
        Ok(false)
    }
}
