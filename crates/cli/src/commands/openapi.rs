//! `mainstay openapi`: prints the document that `/openapi.json` serves.

use crate::error::{Exit, Outcome};
use crate::terminal::say;

/// Prints the OpenAPI document.
pub(crate) fn run() -> Outcome {
    say(&mainstay_app::openapi())?;
    Ok(Exit::Done)
}
