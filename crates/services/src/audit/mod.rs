//! The audit trail and the denied attempts, as administrators list them.

mod list;
mod security;

pub use list::ListAudit;
pub use security::ListSecurityEvents;
