//! Authenticates callers and resolves their permissions as of this instant, without a database query.

mod api_keys;
mod authentication;
pub mod authenticator;
pub mod directory;
#[cfg(test)]
mod directory_tests;
mod issued_sessions;
mod last_seen;
pub mod reader;

pub use authentication::Authentication;
pub use authenticator::Authenticator;
pub use directory::{AccessChange, AccessDirectory};
pub use issued_sessions::IssuedSessions;
pub use last_seen::LastSeen;
pub use reader::AccessReader;
