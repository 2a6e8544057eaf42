//! `mainstay migrate`: migrates the schema.

use crate::error::{Exit, Outcome};
use crate::open::block_on;
use crate::terminal::print_line;
use mainstay_app::App;
use mainstay_platform::config::Settings;

/// Applies the missing migrations and prints them.
pub(crate) fn run(app: &App, settings: &Settings) -> Outcome {
    let report = block_on(async { Ok(mainstay_app::migrate(app, settings).await?) })?;
    if report.applied.is_empty() {
        print_line("the schema is up to date")?;
    }
    for migration in report.applied {
        print_line(&format!("applied {migration}"))?;
    }
    Ok(Exit::Done)
}
