//! The audit trail: read, linked into a chain, and verified.

mod anchor;
pub mod chain;
mod list;
mod seal;
mod security;
mod verify;

pub use anchor::AnchorState;
pub use list::ListAudit;
pub(crate) use seal::Witness;
pub use security::ListSecurityEvents;
pub use verify::{ChainFault, Verdict, VerifyAudit};
