//! `mainstay`: the single binary.
//!
//! `arguments` defines the command line, `commands` has a file for each command, `error` maps each failure to an exit
//! code, and `terminal` is the only module that prints.

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

/// Many small values are allocated and freed on many threads at once, where the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Once per process, before its first use. Refused only if a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        terminal::print_error(&format!("this is a bug{place}; please report it"));
    }));
    let outcome = match Arguments::try_parse() {
        // The panic hook has logged it; the process only has to end in an orderly way.
        Ok(arguments) => {
            catch_unwind(AssertUnwindSafe(|| commands::run(arguments))).unwrap_or(Ok(Exit::Failed))
        }
        Err(answer) => Err(CliError::from(answer)),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => error.print(),
    }
}
