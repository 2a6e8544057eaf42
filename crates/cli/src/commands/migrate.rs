//! `mainstay migrate`: the schema, brought up to date.

use crate::error::{Exit, Outcome};
use crate::open::block_on;
use crate::terminal::say;
use mainstay_platform::config::Settings;

/// Applies what is missing and says what that was.
pub(crate) fn run(settings: &Settings) -> Outcome {
    let report = block_on(async { Ok(mainstay_app::migrate(settings).await?) })?;
    if report.applied.is_empty() {
        say("the schema is up to date")?;
    }
    for migration in report.applied {
        say(&format!("applied {migration}"))?;
    }
    Ok(Exit::Done)
}
