//! API keys: credentials of programs that act for an account.

mod create;
mod list;
mod read;
mod revoke;
mod revoke_all;

pub use create::{CreateApiKey, CreatedApiKey};
pub use list::ListApiKeys;
pub use read::ReadApiKey;
pub use revoke::RevokeApiKey;
pub(crate) use revoke_all::revoke_api_keys_of;
