//! `mainstay config`: prints the settings in force.

use crate::error::{Exit, Outcome};
use crate::terminal::print_line;
use clap::Args;
use mainstay_platform::config::{Loaded, as_json, as_table};

/// Options of `config`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// As JSON: [{key, env, value, origin, meaning}]
    #[arg(long)]
    json: bool,
}

/// Prints each setting, its value and its origin. Secrets are masked.
pub(crate) fn run(loaded: &Loaded, options: Options) -> Outcome {
    print_line(&if options.json {
        as_json(&loaded.origins)
    } else {
        as_table(&loaded.origins)
    })?;
    Ok(Exit::Done)
}
