//! `mainstay keys`: rotates the keys that sign access tokens.

use crate::error::{CliError, Exit, Outcome};
use crate::open::{block_on, operator, with_existing};
use crate::terminal::{print_json, print_line};
use clap::Subcommand;
use mainstay_app::App;
use mainstay_engine::key::RotateKeys;
use mainstay_platform::config::Settings;
use serde::Serialize;

/// Operations on signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a new signing key; tokens of the old key stay valid until they expire, so no session ends
    Rotate {
        /// As JSON: {key, retiring}
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Rotation {
    key: String,
    retiring: Vec<String>,
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    let Command::Rotate { json } = command;
    if settings.tokens.secret.is_some() {
        return Err(CliError::usage(
            "tokens are signed with JWT_SECRET, and there is no key to rotate: set another secret, which ends all \
             sessions' access tokens, or leave it out and have keys",
        ));
    }
    let (key, retiring) = block_on(with_existing(app, settings, async |engine| {
        Ok(engine.pipeline().command(&operator(), RotateKeys).await?.output)
    }))?;
    if json {
        print_json(&Rotation { key, retiring })?;
        return Ok(Exit::Done);
    }
    print_line(&format!("new tokens are signed with {key}"))?;
    for old in retiring {
        print_line(&format!(
            "{old} is retired when the last token that it signed has expired"
        ))?;
    }
    Ok(Exit::Done)
}
