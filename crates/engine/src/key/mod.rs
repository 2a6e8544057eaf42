//! Signing keys: stored sealed in the database, held opened in memory, rotated without signing anyone out.

mod create;
mod read_history;
mod rotate;
mod store;

pub use create::{CreateSigningKey, load_or_create};
pub use rotate::RotateKeys;
pub use store::{KeySource, KeyStore};
