//! The commands, one file each.

pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod users;

use crate::arguments::{Arguments, Command};
use crate::error::{CliError, Outcome};
use mainstay_platform::config::Settings;

/// Runs the command of the arguments.
pub(crate) fn run(arguments: Arguments) -> Outcome {
    let Arguments {
        overrides,
        serve,
        command,
    } = arguments;
    let command = match command {
        None => Command::Serve(serve),
        Some(Command::Serve(options)) => Command::Serve(options.or(serve)),
        Some(_) if serve.demo => return Err(CliError::usage("--demo belongs to `serve`")),
        Some(command) => command,
    };
    // Commands that need no settings also work with invalid ones.
    match command {
        Command::Routes(options) => return routes::run(options),
        Command::Openapi => return openapi::run(),
        _ => {}
    }
    let loaded = Settings::load(&overrides.into_sources())?;
    match command {
        Command::Config(options) => config::run(&loaded, options),
        Command::Doctor(options) => doctor::run(loaded, options),
        Command::Serve(options) => serve::run(loaded.settings, options),
        Command::Migrate => migrate::run(&loaded.settings),
        Command::Users(command) => users::run(loaded.settings, command),
        Command::Keys(command) => keys::run(loaded.settings, command),
        Command::Audit(command) => audit::run(loaded.settings, command),
        Command::Jobs(command) => jobs::run(loaded.settings, command),
        Command::Routes(options) => routes::run(options),
        Command::Openapi => openapi::run(),
    }
}
