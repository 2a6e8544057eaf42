//! The project's own chores, run as `cargo xtask CHORE`. They need nothing but the Rust toolchain.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a chore speaks to the person at the terminal, and waits for the programs it starts"
)]

use std::process::ExitCode;

mod bench;
mod check;
mod environment;
mod patience;
mod project;
mod test;
#[path = "../../crates/testkit/src/unattended.rs"]
#[expect(
    dead_code,
    reason = "the chores skip nothing; the rule by which tests do is theirs too"
)]
mod unattended;

const HELP: &str = "\
The project's chores.

  cargo xtask check            what the compiler cannot see: who may depend on whom, where SQL may stand, broken links…
  cargo xtask bench [P1 P3 …]  the release binary and its floors in turn; a whole run writes docs/performance.md
                               [--seconds N] [--rounds N] [--no-slow-fsync] [--no-build]
  cargo xtask test [-- ARGS]   every test on every engine; starts a private PostgreSQL when none is running;
                               ARGS go to `cargo test`, for example: cargo xtask test -- -p mainstay-domain money";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((chore, rest)) if chore == "check" && rest.is_empty() => check::run(),
        Some((chore, rest)) if chore == "test" => test::run(rest),
        Some((chore, rest)) if chore == "bench" => bench::run(rest),
        Some((chore, _)) if matches!(chore.as_str(), "help" | "--help" | "-h") => {
            println!("{HELP}");
            Ok(true)
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("xtask: {cause}");
            ExitCode::FAILURE
        }
    }
}
