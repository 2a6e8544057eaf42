//! API keys: credentials of programs that act for an account.

mod create;
mod list;
mod read;
mod revoke;

pub use create::{CreateApiKey, CreatedApiKey};
pub use list::ListApiKeys;
pub use read::ReadApiKey;
pub use revoke::RevokeApiKey;
