//! The commands, one file each.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod mail;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod users;

use crate::arguments::{Arguments, Command};
use crate::error::{CliError, Outcome};
use mainstay_app::App;

/// Runs the command of the arguments.
pub(crate) fn run(app: &App, arguments: Arguments) -> Outcome {
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
        Command::Routes(options) => return routes::run(app, options),
        Command::Openapi => return openapi::run(app),
        Command::Mail(command) => return mail::run(command),
        _ => {}
    }
    let loaded = app.load_settings(&overrides.into_sources())?;
    match command {
        Command::Config(options) => config::run(&loaded, options),
        Command::Doctor(options) => doctor::run(app, loaded, options),
        Command::Serve(options) => serve::run(app, loaded.settings, options),
        Command::Migrate => migrate::run(app, &loaded.settings),
        Command::Users(command) => users::run(app, loaded.settings, command),
        Command::Access(command) => access::run(app, loaded.settings, command),
        Command::Keys(command) => keys::run(app, loaded.settings, command),
        Command::Audit(command) => audit::run(app, loaded.settings, command),
        Command::Jobs(command) => jobs::run(app, loaded.settings, command),
        Command::Routes(options) => routes::run(app, options),
        Command::Openapi => openapi::run(app),
        Command::Mail(command) => mail::run(command),
    }
}
