//! Authenticates callers and resolves their permissions as of this instant, without a database query.

mod api_keys;
mod authentication;
pub mod authenticator;
pub mod directory;
#[cfg(test)]
mod directory_tests;
pub mod reader;

pub use authentication::Authentication;
pub use authenticator::Authenticator;
pub use directory::{AccessChange, AccessDirectory};
pub use reader::AccessReader;
