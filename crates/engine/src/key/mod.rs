//! Signing keys: stored sealed in the database, held opened in memory, rotated without signing anyone out.

mod create;
mod list;
mod read_history;
mod reseal;
mod rotate;
mod store;

pub use create::{CreateSigningKey, load_or_create};
pub use list::ListKeys;
pub use mainstay_repositories::SEALED_COLUMNS;
pub use reseal::{FinishReseal, ResealColumn, ResealJobs, Resealed};
pub use rotate::{JWKS_MAX_AGE, RotateDueKeys, RotateKeys, Rotated};
pub use store::{KeySource, KeyStore};
