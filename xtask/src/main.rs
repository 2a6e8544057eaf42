//! The project's development commands, run as `cargo xtask COMMAND`. They need nothing but the Rust toolchain.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command prints to the terminal and waits for the programs it starts"
)]

use std::process::ExitCode;

mod bench;
mod check;
#[path = "../../crates/testkit/src/counterpart.rs"]
mod counterpart;
mod environment;
mod fuzz;
#[path = "../../crates/testkit/src/is_ci.rs"]
#[expect(
    dead_code,
    reason = "xtask only asks whether this is CI; the tests also skip by this file"
)]
mod is_ci;
mod polling;
mod project;
mod test;

const HELP: &str = "\
The project's development commands.

  cargo xtask check            rules that the compiler cannot check: dependencies of crates, places of SQL, broken links…
  cargo xtask bench [P1 P3 …]  measures the shipped binary and its baselines; a complete run writes docs/performance.md
                               [--seconds N] [--rounds N] [--no-slow-fsync] [--no-build] [--profile dist]
  cargo xtask fuzz [token …]   every parser of outside input, 30 s each, with inputs that a fuzzer makes
                               [--seconds N] [--input FILE]
    cargo xtask test [-- ARGS]   every test on every engine; starts a private PostgreSQL when none is running;
                               ARGS go to `cargo test`, for example: cargo xtask test -- -p mainstay-domain money";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((command, rest)) if command == "check" && rest.is_empty() => check::run(),
        Some((command, rest)) if command == "test" => test::run(rest),
        Some((command, rest)) if command == "bench" => bench::run(rest),
        Some((command, rest)) if command == "fuzz" => fuzz::run(rest),
        Some((command, _)) if matches!(command.as_str(), "help" | "--help" | "-h") => {
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
