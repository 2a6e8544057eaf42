//! `mainstay openapi`: prints the document that `/openapi.json` serves.

use crate::error::{Exit, Outcome};
use crate::terminal::print_line;
use mainstay_app::App;

/// Prints the OpenAPI document.
pub(crate) fn run(app: &App) -> Outcome {
    print_line(&app.openapi())?;
    Ok(Exit::Done)
}
