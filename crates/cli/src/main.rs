//! `mainstay`: the one binary.
//!
//! `arguments` says what can be asked for, `commands` has a file for each, `error` says what each failure is worth
//! to a script, and `terminal` is the only place that prints.

mod arguments;
mod commands;
mod error;
mod open;
mod signals;
mod terminal;

use arguments::Arguments;
use clap::Parser;
use error::{CliError, Exit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Many small values live and die on many threads at once, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Once for the process, before anything can ask for it. Refused only if something had installed one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        terminal::complain(&format!("this is a bug{place}; please report it"));
    }));
    let outcome = match Arguments::try_parse() {
        // The hook has told of it; what is left is to end in an orderly way.
        Ok(arguments) => {
            catch_unwind(AssertUnwindSafe(|| commands::run(arguments))).unwrap_or(Ok(Exit::Failed))
        }
        Err(answer) => Err(CliError::from(answer)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => error.tell(),
    }
}
