//! The audit trail: linked into a chain, verified, and accepted where an administrator says so.

mod accept;
mod anchor;
mod anchor_file;
pub mod chain;
mod entry_keys;
mod fault;
mod head_receiver;
mod inspect;
mod positions;
mod publish;
mod seal;
mod seal_log;
mod verify;
mod waiting;
mod walk;
mod writers;

pub use accept::{AcceptAudit, Accepted, AuditAcceptor};
pub use anchor::AnchorState;
pub(crate) use anchor::AnchorStore;
pub(crate) use entry_keys::EntryKeys;
pub use fault::ChainFault;
pub use head_receiver::{HeadReceiver, SignedHead};
pub use publish::HeadPublisher;
pub use seal::AuditSealer;
pub use verify::{AuditVerifier, Verdict, VerifyAudit};
pub use walk::WitnessedHead;
pub use writers::AuditWriters;
pub(crate) use writers::WriterLease;
