//! The composition root: the only crate that depends on every other. The binary and the tests use it unchanged.

mod account_deletions;
mod app;
mod builder;
mod catalogue;
mod database;
mod dependencies;
mod duplicates;
mod error;
mod master_key;
mod metrics;
mod open;
mod order_deadlines;
mod private;
mod schema;
mod serve;
#[cfg(test)]
mod tests;
mod webhook_deliveries;

pub use app::App;
pub use builder::AppBuilder;
pub use database::database_options;
pub use dependencies::Dependencies;
pub use error::StartError;
pub use mainstay_background::PeriodicTasks;
pub use open::Instance;
pub use private::exposed_files;
pub use schema::{Condition, Report, condition, migrate, missing_file, ready};
pub use serve::{Serving, listen};
