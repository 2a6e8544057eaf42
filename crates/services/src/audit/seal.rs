//! Links committed entries into the chain, in batches. Writers never wait for it.

use super::anchor::{self, Anchor};
use super::chain;
use super::verify::{ChainFault, faulty_end};
use crate::context::Context;
use crate::services::Services;
use crate::work::Repositories;
use futures_util::FutureExt;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::audit::ChainHead;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{DatabaseError, Isolation, ReadMode, Tx};
use mainstay_repositories::{Audit, EntryKey};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// So many are linked at once when a process ends.
const BATCH: u32 = 500;
/// The log is told of a head at the level of information no more often than this.
const BETWEEN_WITNESSES: Duration = Duration::from_secs(60);

/// The chain is not what was sealed, so it must not be sealed again: that would hide what was done to it.
#[derive(Debug, thiserror::Error)]
#[error("the audit chain is not extended, because it is broken: {0}; `mainstay audit verify` says more")]
struct Broken(ChainFault);

/// When a head was last told to the log, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Witness(AtomicI64);

impl Witness {
    /// Tells the log of a head: who changes the database and the file beside it does not change what was sent away.
    fn tell(&self, head: &ChainHead, now: Timestamp) {
        let hash = anchor::hex(head.hash.get(..8).unwrap_or(&head.hash));
        let told = Timestamp::from_micros(self.0.load(Ordering::Relaxed));
        if now.since(told) < BETWEEN_WITNESSES {
            tracing::debug!(seq = head.seq, hash, "the audit chain was sealed");
            return;
        }
        self.0.store(now.micros(), Ordering::Relaxed);
        tracing::info!(seq = head.seq, hash, "the audit chain was sealed");
    }
}

/// What one turn linked.
struct Linked {
    head: ChainHead,
    seal: Vec<u8>,
    count: usize,
}

impl Services {
    /// Links entries that wait; tells how many. When as many as `limit`, there may be more.
    ///
    /// # Errors
    /// The database is away, or the chain is not the one that was sealed.
    pub async fn seal_audit(&self, limit: u32) -> Result<usize> {
        let services = self.clone();
        let linked = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let services = services.clone();
                Box::pin(async move { services.link(tx, limit).await })
            })
            .await;
        let broken = matches!(&linked, Err(Error::Internal(cause)) if cause.is::<Broken>());
        if broken || matches!(&linked, Ok(Some(_))) {
            self.parts().metrics.audit_chain_broken(broken);
        }
        let Some(Linked { head, seal, count }) = linked? else {
            return Ok(0);
        };
        self.witness().tell(&head, self.now());
        self.keep_anchor(head, seal).await?;
        Ok(count)
    }

    /// Links what this process has told, for one that ends and never ran the sealer.
    ///
    /// # Errors
    /// As [`seal_audit`](Self::seal_audit).
    pub async fn seal_what_was_told(&self) -> Result<()> {
        if self.audit_waits().notified().now_or_never().is_some() {
            while self.seal_audit(BATCH).await? == BATCH as usize {}
        }
        Ok(())
    }

    async fn link(&self, tx: &mut Tx, limit: u32) -> Result<Option<Linked>> {
        // The head first: entries that another node links from here on have moved it, and `set_head` tells.
        let end = Audit::new(tx).end().await?;
        let sealer = &self.parts().sealer;
        let last = end.as_ref().and_then(|end| {
            Some(ChainHead {
                seq: end.last_seq?,
                hash: end.last_hash.clone().unwrap_or_default(),
            })
        });
        let from = last.unwrap_or_else(chain::beginning);
        if let Some(fault) = faulty_end(sealer, &from, end.as_ref()) {
            return Err(Error::internal(Broken(fault)));
        }
        let scope = access::scope(&Caller::System(SystemCaller::SEALER));
        let entries = Audit::new(tx).unlinked(&scope, limit).await?;
        if entries.is_empty() {
            return Ok(None);
        }
        let mut head = from.clone();
        let mut links: Vec<(EntryKey, i64, Vec<u8>)> = Vec::with_capacity(entries.len());
        for waiting in entries {
            head = chain::next(&head, &waiting.entry);
            links.push((waiting.key, head.seq, head.hash.clone()));
        }
        let seal = chain::seal(sealer, &head);
        if !Audit::new(tx)
            .set_head(&head, &seal, self.now(), from.seq)
            .await?
        {
            // Another node linked at the same time: look again.
            return Err(DatabaseError::Retry.into());
        }
        Audit::new(tx).link(&links).await?;
        Ok(Some(Linked {
            head,
            seal,
            count: links.len(),
        }))
    }

    /// Keeps a new head beside the database, if the one before is still a place in the chain.
    async fn keep_anchor(&self, head: ChainHead, seal: Vec<u8>) -> Result<()> {
        let kept = anchor::read(self).await;
        if kept == Anchor::Invalid || !self.holds(kept.head()).await? {
            // Keeping the new head would make the one witness forget what it saw.
            self.parts().metrics.audit_chain_broken(true);
            tracing::error!("the audit chain does not hold the head that was kept beside it; verify it");
        } else if let Err(error) = anchor::keep(self, head, seal).await {
            // The chain itself is committed; the file is a second lock on the same door.
            tracing::warn!(%error, "the anchor of the audit chain could not be kept");
        }
        Ok(())
    }

    /// Whether the head that is kept beside the database is still a place in its chain. It is not when somebody put
    /// the database back, or took the links away so that edited entries were linked anew.
    async fn holds(&self, kept: Option<&ChainHead>) -> Result<bool> {
        let Some(kept) = kept.filter(|kept| kept.seq > 0).cloned() else {
            return Ok(true);
        };
        let cx = Context::system(SystemCaller::SEALER);
        self.look(&cx, ReadMode::InPlace, move |view| {
            Box::pin(async move {
                let scope = view.scope();
                let place = view.audit().linked_after(&scope, kept.seq - 1, 1).await?;
                Ok(place
                    .first()
                    .is_some_and(|entry| entry.seq == kept.seq && entry.hash.as_ref() == Some(&kept.hash)))
            })
        })
        .await
    }
}
