//! `mainstay users`: creates, invites and lists accounts.

mod create_admin;
mod invite;
mod list;

use crate::error::Outcome;
use clap::Subcommand;
use mainstay_app::App;
use mainstay_platform::config::Settings;

/// Operations on accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an administrator; prompts twice for the password, or reads it from standard input
    CreateAdmin(create_admin::Options),
    /// Invite a person by mail to an account of their own
    Invite(invite::Options),
    /// List accounts, newest first
    List(list::Options),
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    match command {
        Command::CreateAdmin(options) => create_admin::run(app, settings, options),
        Command::Invite(options) => invite::run(app, settings, options),
        Command::List(options) => list::run(app, settings, options),
    }
}
