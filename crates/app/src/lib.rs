//! The composition root: the only place that knows everybody. The binary and the tests use it unchanged.

mod catalogue;
mod fault;
mod open;
mod outside;
mod schema;
mod serve;

pub use catalogue::{jobs, subscriptions};
pub use fault::StartFault;
pub use open::{App, database_options};
pub use outside::Outside;
pub use schema::{Condition, Report, condition, migrate};
pub use serve::{Serving, listen};

use mainstay_edge::Routes;

/// The routes of all doors.
pub fn routes() -> Routes {
    mainstay_rest::routes()
}
