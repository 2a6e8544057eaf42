//! Links committed entries into the chain, in batches. Writers never wait for it.

use super::anchor;
use super::chain;
use super::fault::ChainFault;
use super::inspect::{Inspection, WaitingCursor};
use crate::context::Repositories;
use crate::request_context::RequestContext;
use crate::services::Services;
use futures_util::FutureExt;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::audit::ChainHead;
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode};
use mainstay_repositories::{Audit, NewHead};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Entries linked per batch when a process ends.
const BATCH: u32 = 500;
/// The least time between two heads logged at level info.
const BETWEEN_LOG_LINES: Duration = Duration::from_secs(60);

/// How many times a run retries when another process links first.
const MAX_RUNS: u32 = 10;

/// The chain differs from what was sealed, so it must not be sealed again: that would hide the change.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit chain is not extended: {0}. Entries are kept and wait. Look into it with `mainstay audit verify`; when the \
     cause is known, `mainstay audit accept --reason TEXT`, with this DATA_DIR, records that and lets the chain go on"
)]
pub(super) struct Broken(pub(super) ChainFault);

/// What this process has logged about the audit trail, and how far its sealer has read.
#[derive(Debug, Default)]
pub(crate) struct SealLog {
    /// When a head was last logged, in microseconds.
    logged_at: AtomicI64,
    /// The findings that are already in the log.
    faults: Mutex<BTreeSet<ChainFault>>,
    /// Where the next run continues, when one run could not read all entries that are refused.
    pub(super) cursor: Mutex<Option<WaitingCursor>>,
}

impl SealLog {
    /// Logs a head: an attacker who changes the database and the anchor cannot change what was sent to the log.
    fn head(&self, head: &ChainHead, now: Timestamp) {
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
    fn refused(&self, faults: &[ChainFault]) {
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

impl Services {
    /// Links waiting entries; returns how many. If it returns `limit`, there may be more. Entries that Mainstay did
    /// not write, and those after a gap, are refused and logged, and stay where they are.
    ///
    /// # Errors
    /// The database is unavailable, or the chain is not the one that was sealed.
    pub async fn seal_audit(&self, limit: u32) -> Result<usize> {
        self.seal(limit, Arc::default()).await
    }

    /// Links what this process has written, for one that ends and never ran the sealer, and retires its writers.
    ///
    /// # Errors
    /// As [`seal_audit`](Self::seal_audit).
    pub async fn seal_recorded(&self) -> Result<()> {
        if self.audit_wakes().notified().now_or_never().is_some() {
            let ended: Arc<[AuditWriterId]> = self.audit_writers().drop_all().into();
            while self.seal(BATCH, Arc::clone(&ended)).await? == BATCH as usize {}
        }
        Ok(())
    }

    /// Stores the place before the first entry in the anchor, when there is no entry yet: from then on a chain
    /// without an anchor is a finding. For every process that is about to write.
    ///
    /// # Errors
    /// The database is unavailable, or the file cannot be written.
    pub async fn begin_audit(&self) -> Result<()> {
        if anchor::read(self).await != anchor::Anchor::Absent {
            return Ok(());
        }
        let cx = RequestContext::system(SystemCaller::SEALER);
        let end = self.read(&cx, ReadMode::InPlace, |cx| {
            Box::pin(async move { cx.audit().end().await })
        });
        if end
            .await?
            .is_some_and(|end| end.head.seq == 0 && end.last_seq.is_none())
        {
            anchor::keep(self, chain::beginning())
                .await
                .map_err(Error::internal)?;
        }
        Ok(())
    }

    async fn seal(&self, limit: u32, ended: Arc<[AuditWriterId]>) -> Result<usize> {
        for _ in 0..MAX_RUNS {
            let anchor = anchor::read(self).await;
            let found = self.inspect_audit(limit, anchor, Arc::clone(&ended)).await;
            match &found {
                Ok(found) => self.parts().metrics.audit_chain_broken(!found.faults.is_empty()),
                Err(Error::Internal(cause)) if cause.is::<Broken>() => {
                    self.parts().metrics.audit_chain_broken(true);
                }
                Err(_) => {}
            }
            let found = found?;
            self.seal_log().refused(&found.faults);
            for writer in &found.gaps {
                self.audit_writers().drop_writer(*writer);
            }
            self.seal_log().cursor.lock().clone_from(&found.cursor);
            let (head, count) = (found.head.clone(), found.links.len());
            if count == 0 {
                return Ok(0);
            }
            if self.link(found).await? {
                self.seal_log().head(&head, self.now());
                if let Err(error) = anchor::keep(self, head).await {
                    // The chain itself is committed; the anchor is only a second protection.
                    tracing::warn!(%error, "the anchor of the audit chain could not be written");
                }
                return Ok(count);
            }
        }
        // The other sealers link what waits.
        Ok(0)
    }

    /// Reads and computes in a snapshot, so that the write transaction only writes the links.
    async fn inspect_audit(
        &self,
        limit: u32,
        anchor: anchor::Anchor,
        ended: Arc<[AuditWriterId]>,
    ) -> Result<Inspection> {
        let cx = RequestContext::system(SystemCaller::SEALER);
        // Read before the snapshot, which therefore contains all of these.
        let committed = self.audit_writers().committed(self.now());
        self.read(&cx, ReadMode::Thread, move |cx| {
            Box::pin(async move {
                let services = cx.services().clone();
                let found = Inspection::read(&services, cx.tx(), limit, &anchor, committed).await?;
                Ok(found.without_ended(&services, &ended))
            })
        })
        .await
    }

    /// Writes the links; false when another process has moved the head or a writer meanwhile.
    async fn link(&self, found: Inspection) -> Result<bool> {
        let (services, found) = (self.clone(), Arc::new(found));
        let written = self.database().write(Isolation::ReadCommitted, move |tx| {
            let (services, found) = (services.clone(), Arc::clone(&found));
            Box::pin(async move {
                let mut audit = Audit::new(tx);
                let writers = found.positions.bytes();
                let seal = chain::seal_state(&services.parts().sealer, &found.head, &writers);
                let new = NewHead {
                    head: &found.head,
                    writers: &writers,
                    seal: &seal,
                    at: services.now(),
                    expected_seq: found.from.seq,
                };
                if !audit.set_head(new).await? {
                    return Err(Error::from(Moved));
                }
                for record in &found.ended {
                    if !audit.remove_writer(&record.key, record.end.number).await? {
                        return Err(Error::from(Moved));
                    }
                }
                audit.link(&found.links).await
            })
        });
        match written.await {
            Ok(()) => Ok(true),
            Err(Error::Internal(cause)) if cause.is::<Moved>() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Another process was faster: everything has to be read again.
#[derive(Debug, thiserror::Error)]
#[error("the audit chain or a writer moved on")]
struct Moved;

impl From<Moved> for Error {
    fn from(moved: Moved) -> Self {
        Self::internal(moved)
    }
}
