//! The command line of an application, as a library: Mainstay's own binary and those of extending programs are a call of
//! [`run`].
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
use error::{CliError, Exit, Outcome};
use mainstay_app::{App, AppBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// An allocator for the binary to use: many small values are allocated and freed on many threads at once, where the
/// system's is slow.
pub use mimalloc::MiMalloc as Allocator;

/// Runs the command that the arguments of this process name: `serve`, `migrate`, `doctor`, `routes` and the others.
/// A binary calls it once and returns its exit code.
pub fn run(builder: AppBuilder) -> ExitCode {
    // Once per process, before its first use. Refused only if a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let app = match builder.build() {
        Ok(app) => app,
        Err(error) => return CliError::from(error).print("mainstay"),
    };
    let name = app.name();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        terminal::print_error(name, &format!("this is a bug{place}; please report it"));
    }));
    match dispatch(&app) {
        Ok(exit) => exit.into(),
        Err(error) => error.print(name),
    }
}

fn dispatch(app: &App) -> Outcome {
    let arguments = Arguments::of_process(app)?;
    // The panic hook has logged it; the process only has to end in an orderly way.
    catch_unwind(AssertUnwindSafe(|| commands::run(app, arguments))).unwrap_or(Ok(Exit::Failed))
}
