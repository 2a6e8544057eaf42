//! The composition root: the only place that knows everybody. The binary and the tests use it unchanged.

mod catalogue;
mod fault;
mod open;
mod outside;
mod serve;

pub use catalogue::{jobs, subscriptions};
pub use fault::StartFault;
pub use open::{App, database_options};
pub use outside::Outside;
pub use serve::{Serving, listen};
