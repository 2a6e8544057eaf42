//! `mainstay openapi`: prints the document that `/openapi.json` serves.

use crate::error::{Exit, Outcome};
use crate::terminal::print_line;

/// Prints the OpenAPI document.
pub(crate) fn run() -> Outcome {
    print_line(&mainstay_app::openapi())?;
    Ok(Exit::Done)
}
