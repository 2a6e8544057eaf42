//! Authenticates callers and resolves their permissions as of this instant, without a database query.

pub mod authenticator;
pub mod directory;
pub mod refresh;
