//! Links committed entries into the chain, in batches. Writers never wait for it.

use super::{anchor, chain};
use crate::context::Context;
use crate::services::Services;
use crate::work::Repositories;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::id::AuditId;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{DatabaseError, Isolation, ReadMode};
use mainstay_repositories::Audit;

impl Services {
    /// Links entries that wait; tells how many. When as many as `limit`, there may be more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn seal_audit(&self, limit: u32) -> Result<usize> {
        let services = self.clone();
        let linked = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let services = services.clone();
                Box::pin(async move {
                    // The head first: entries that another node links from here on have moved it, and `set_head` tells.
                    let from = Audit::new(tx)
                        .head()
                        .await?
                        .map_or_else(chain::beginning, |(head, _)| head);
                    let scope = access::scope(&Caller::System(SystemCaller::SEALER));
                    let entries = Audit::new(tx).unlinked(&scope, limit).await?;
                    if entries.is_empty() {
                        return Ok::<_, Error>(None);
                    }
                    let mut head = from.clone();
                    let mut links: Vec<(AuditId, i64, Vec<u8>)> = Vec::with_capacity(entries.len());
                    for entry in &entries {
                        head = chain::next(&head, entry);
                        links.push((entry.id, head.seq, head.hash.clone()));
                    }
                    let seal = chain::seal(&services.parts().sealer, &head);
                    if !Audit::new(tx)
                        .set_head(&head, &seal, services.now(), from.seq)
                        .await?
                    {
                        // Another node linked at the same time: look again.
                        return Err(DatabaseError::Retry.into());
                    }
                    Audit::new(tx).link(&links).await?;
                    Ok(Some((head, seal, links.len())))
                })
            })
            .await?;
        let Some((head, seal, count)) = linked else {
            return Ok(0);
        };
        if !self.holds_anchor().await? {
            // Keeping the new head would make the one witness forget what it saw.
            tracing::error!("the audit chain does not hold the head that was kept beside it; verify it");
        } else if let Err(error) = anchor::keep(&self.policies().data_dir, &head, &seal).await {
            // The chain itself is committed; the file is a second lock on the same door.
            tracing::warn!(%error, "the anchor of the audit chain could not be kept");
        }
        Ok(count)
    }

    /// Whether the head that is kept beside the database is still a place in its chain. It is not when somebody put
    /// the database back, or took the links away so that edited entries were linked anew.
    async fn holds_anchor(&self) -> Result<bool> {
        let kept = anchor::read(&self.policies().data_dir, &self.parts().sealer).await;
        let Some(kept) = kept.filter(|kept| kept.seq > 0) else {
            return Ok(true);
        };
        let cx = Context::system(SystemCaller::SEALER);
        self.look(&cx, ReadMode::InPlace, move |view| {
            Box::pin(async move {
                let scope = view.scope();
                let place = view.audit().linked_after(&scope, kept.seq - 1, 1).await?;
                Ok(place
                    .first()
                    .is_some_and(|(seq, hash, _)| (*seq, hash) == (kept.seq, &kept.hash)))
            })
        })
        .await
    }
}
