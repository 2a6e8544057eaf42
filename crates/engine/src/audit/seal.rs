//! Links committed entries into the chain, in batches. Writers never wait for it.

use super::anchor::{Anchor, AnchorStore};
use super::chain;
use super::fault::Broken;
use super::inspect::{Inspection, Start, WaitingCursor};
use super::seal_log::SealLog;
use super::writers::AuditWriters;
use crate::node::Node;
use futures_util::FutureExt;
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::database::{Isolation, ReadMode};
use mainstay_repositories::{Audit, NewHead};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;

/// Entries linked per batch when a process ends.
const BATCH: u32 = 500;
/// How many times a run retries when another process links first.
const MAX_RUNS: u32 = 10;

/// Links the entries that wait, and keeps the anchor.
pub struct AuditSealer {
    node: Node,
    sealer: Arc<Sealer>,
    writers: Arc<AuditWriters>,
    anchor: AnchorStore,
    log: SealLog,
    /// Where the next run continues, when one run could not read all entries that are refused.
    cursor: Mutex<Option<WaitingCursor>>,
}

impl AuditSealer {
    pub(crate) fn new(
        node: Node,
        sealer: Arc<Sealer>,
        writers: Arc<AuditWriters>,
        anchor: AnchorStore,
    ) -> Self {
        Self {
            node,
            sealer,
            writers,
            anchor,
            log: SealLog::default(),
            cursor: Mutex::default(),
        }
    }

    /// Notified when audit entries were committed on this node.
    pub fn wakes(&self) -> &Notify {
        &self.node.wakes.audit
    }

    /// Links waiting entries; returns how many. If it returns `limit`, there may be more. Entries that Mainstay did
    /// not write, and those after a gap, are refused and logged, and stay where they are.
    ///
    /// # Errors
    /// The database is unavailable, or the chain is not the one that was sealed.
    pub async fn seal(&self, limit: u32) -> Result<usize> {
        self.seal_without(limit, Arc::default()).await
    }

    /// Links what this process has written, for one that ends and never ran the sealer, and retires its writers.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub async fn seal_recorded(&self) -> Result<()> {
        if self.wakes().notified().now_or_never().is_some() {
            let ended: Arc<[AuditWriterId]> = self.writers.drop_all().into();
            while self.seal_without(BATCH, Arc::clone(&ended)).await? == BATCH as usize {}
        }
        Ok(())
    }

    /// Stores the place before the first entry in the anchor, when there is no entry yet: from then on a chain
    /// without an anchor is a finding. For every process that is about to write.
    ///
    /// # Errors
    /// The database is unavailable, or the file cannot be written.
    pub async fn begin(&self) -> Result<()> {
        if self.anchor.read().await != Anchor::Absent {
            return Ok(());
        }
        let end = self.node.read(ReadMode::InPlace, |tx| {
            Box::pin(async move { Audit::new(tx).end().await })
        });
        if end
            .await?
            .is_some_and(|end| end.head.seq == 0 && end.last_seq.is_none())
        {
            self.anchor
                .keep(chain::beginning())
                .await
                .map_err(Error::internal)?;
        }
        Ok(())
    }

    async fn seal_without(&self, limit: u32, ended: Arc<[AuditWriterId]>) -> Result<usize> {
        for _ in 0..MAX_RUNS {
            let anchor = self.anchor.read().await;
            let found = self.inspect(limit, anchor, Arc::clone(&ended)).await;
            match &found {
                Ok(found) => self.node.metrics.audit_chain_broken(!found.faults.is_empty()),
                Err(Error::Internal(cause)) if cause.is::<Broken>() => {
                    self.node.metrics.audit_chain_broken(true);
                }
                Err(_) => {}
            }
            let found = found?;
            self.log.refused(&found.faults);
            for writer in &found.gaps {
                self.writers.drop_writer(*writer);
            }
            self.cursor.lock().clone_from(&found.cursor);
            let (head, count) = (found.head.clone(), found.links.len());
            if count == 0 {
                return Ok(0);
            }
            if self.link(found).await? {
                self.log.head(&head, self.node.now());
                if let Err(error) = self.anchor.keep(head).await {
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
    async fn inspect(&self, limit: u32, anchor: Anchor, ended: Arc<[AuditWriterId]>) -> Result<Inspection> {
        // Read before the snapshot, which therefore contains all of these.
        let committed = self.writers.committed(self.node.now());
        let start = Start {
            limit,
            anchor,
            committed,
            cursor: self.cursor.lock().clone(),
        };
        let (sealer, writers) = (Arc::clone(&self.sealer), Arc::clone(&self.writers));
        let node = self.node.clone();
        self.node
            .read(ReadMode::Thread, move |tx| {
                Box::pin(async move {
                    let keys = writers.keys();
                    let found = Inspection::read(&sealer, keys, tx, start).await?;
                    Ok(found.without_ended(keys, node.now(), &ended))
                })
            })
            .await
    }

    /// Writes the links; false when another process has moved the head or a writer meanwhile.
    async fn link(&self, found: Inspection) -> Result<bool> {
        let (node, sealer, found) = (self.node.clone(), Arc::clone(&self.sealer), Arc::new(found));
        let written = self.node.database.write(Isolation::ReadCommitted, move |tx| {
            let (node, sealer, found) = (node.clone(), Arc::clone(&sealer), Arc::clone(&found));
            Box::pin(async move {
                let mut audit = Audit::new(tx);
                let writers = found.positions.bytes();
                let seal = chain::seal_state(&sealer, &found.head, &writers);
                let new = NewHead {
                    head: &found.head,
                    writers: &writers,
                    seal: &seal,
                    at: node.now(),
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
