//! The port that stores heads of the audit chain elsewhere. `integrations` has the real adapter; `testkit` has the
//! fake.

use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::time::Timestamp;

/// Stores heads of the audit chain beyond the control of an attacker who controls this machine and its database.
pub trait HeadReceiver: Send + Sync {
    /// Sends a head. `Ok` when the receiver has it.
    fn receive<'a>(&'a self, head: &'a SignedHead) -> BoxFuture<'a, Result<()>>;
}

/// The head of the audit chain, sealed for storage outside of Mainstay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// Unique for each message.
    pub id: String,
    /// When it was read.
    pub at: Timestamp,
    /// Number of entries in the chain.
    pub seq: i64,
    /// The hash of all of them, in hexadecimal.
    pub hash: String,
    /// HMAC-SHA256 over both under a key derived from the master key, in hexadecimal.
    pub seal: String,
}
