//! `mainstay keys`: rotates the keys that sign access tokens.

use crate::error::{CliError, Exit, Outcome};
use crate::open::{block_on, operator, with_existing};
use crate::terminal::{say, say_json};
use clap::Subcommand;
use mainstay_engine::key::RotateKeys;
use mainstay_platform::config::Settings;
use serde::Serialize;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign with a new key from now on; tokens of the old one stay good until they end, so nobody is signed out
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
pub(crate) fn run(settings: Settings, command: Command) -> Outcome {
    let Command::Rotate { json } = command;
    if settings.tokens.secret.is_some() {
        return Err(CliError::usage(
            "tokens are signed with JWT_SECRET, and there is no key to rotate: set another secret, which ends all \
             sessions' access tokens, or leave it out and have keys",
        ));
    }
    let (key, retiring) = block_on(with_existing(settings, async |engine| {
        Ok(engine.pipeline().command(&operator(), RotateKeys).await?.output)
    }))?;
    if json {
        say_json(&Rotation { key, retiring })?;
        return Ok(Exit::Done);
    }
    say(&format!("{key} signs from now on"))?;
    for old in retiring {
        say(&format!("{old} retires when the last token it signed has ended"))?;
    }
    Ok(Exit::Done)
}
