//! The audit trail: read, linked into a chain, and verified.

mod accept;
mod anchor;
mod anchor_file;
pub mod chain;
mod entry_keys;
mod fault;
mod inspect;
mod list;
mod positions;
mod publish;
mod seal;
mod security;
mod verify;
mod waiting;
mod walk;
mod writers;

pub use accept::{AcceptAudit, Accepted};
pub use anchor::AnchorState;
pub(crate) use entry_keys::EntryKeys;
pub use fault::ChainFault;
pub use list::ListAudit;
pub(crate) use seal::SealLog;
pub use security::ListSecurityEvents;
pub use verify::{Verdict, VerifyAudit};
pub use walk::WitnessedHead;
pub(crate) use writers::{AuditWriters, WriterLease};
