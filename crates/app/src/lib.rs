//! The composition root: the only crate that depends on every other. The binary and the tests use it unchanged.

mod catalogue;
mod dependencies;
mod error;
mod master_key;
mod metrics;
mod open;
mod private;
mod schema;
mod serve;
#[cfg(test)]
mod tests;

pub use catalogue::{jobs, resources, subscriptions};
pub use dependencies::Dependencies;
pub use error::StartError;
pub use open::{App, database_options};
pub use private::exposed_files;
pub use schema::{Condition, Report, condition, migrate, missing_file, ready};
pub use serve::{Serving, listen};

use mainstay_edge::RouteRow;

/// Every route of every interface, with its use case, access and rate.
pub fn routes() -> Vec<RouteRow> {
    mainstay_rest::routes(true).table()
}

/// The OpenAPI 3.1 document, as JSON text.
pub fn openapi() -> String {
    format!(
        "{:#}",
        mainstay_rest::contract::openapi(&mainstay_rest::routes(true))
    )
}
