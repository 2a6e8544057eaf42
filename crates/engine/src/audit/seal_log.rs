//! What this process has logged about the audit trail, so that each finding is logged once.

use super::anchor;
use super::fault::ChainFault;
use mainstay_domain::audit::ChainHead;
use mainstay_domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The least time between two heads logged at level info.
const BETWEEN_LOG_LINES: Duration = Duration::from_secs(60);

/// What this process has logged about the audit trail.
#[derive(Debug, Default)]
pub(super) struct SealLog {
    /// When a head was last logged, in microseconds.
    logged_at: AtomicI64,
    /// The findings that are already in the log.
    faults: Mutex<BTreeSet<ChainFault>>,
}

impl SealLog {
    /// Logs a head: an attacker who changes the database and the anchor cannot change what was sent to the log.
    pub(super) fn head(&self, head: &ChainHead, now: Timestamp) {
        let hash = anchor::hex(head.hash.get(..8).unwrap_or(&head.hash));
        let logged = Timestamp::from_micros(self.logged_at.load(Ordering::Relaxed));
        if now.since(logged) < BETWEEN_LOG_LINES {
            tracing::debug!(seq = head.seq, hash, "the audit chain was sealed");
            return;
        }
        self.logged_at.store(now.micros(), Ordering::Relaxed);
        tracing::info!(seq = head.seq, hash, "the audit chain was sealed");
    }

    /// Logs findings, each one once.
    pub(super) fn refused(&self, faults: &[ChainFault]) {
        let mut known = self.faults.lock();
        for fault in faults.iter().filter(|fault| !known.contains(fault)) {
            tracing::error!(
                %fault,
                "the audit trail is at fault; what is in order is linked all the same; `mainstay audit verify` says more"
            );
        }
        *known = faults.iter().cloned().collect();
    }
}
