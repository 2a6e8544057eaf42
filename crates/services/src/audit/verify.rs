//! Verifies the chain.

use super::anchor::{self, Anchor, AnchorState};
use super::chain;
use crate::context::Context;
use crate::services::Services;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::audit::ChainHead;
use mainstay_platform::crypto::seal::Sealer;
use mainstay_repositories::{ChainEnd, LinkedEntry};
use serde::Serialize;
use std::fmt;

/// Goes through a stretch of the chain, and holds its end against the sealed head when it comes to it. Each stretch is
/// a snapshot of its own, so that a long trail does not hold one for as long as it takes.
#[derive(Debug, Clone)]
pub struct VerifyAudit {
    /// The head that was kept beside the database.
    anchor: Anchor,
    /// The place before the stretch.
    from: ChainHead,
    /// Whether the anchor was passed before.
    anchored: bool,
}

/// What a stretch of the chain is like.
#[derive(Debug)]
pub struct Stretch {
    /// The place after its last good entry.
    at: ChainHead,
    anchored: bool,
    fault: Option<ChainFault>,
    waiting: i64,
    /// Whether the chain goes on behind it.
    more: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// How many linked entries were good, from the first on.
    pub verified: i64,
    /// How many entries are not linked yet.
    pub waiting: i64,
    /// The first thing that is wrong.
    pub fault: Option<ChainFault>,
    /// Whether there was a head beside the database to hold the chain against.
    pub anchor: AnchorState,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ChainFault {
    /// An entry is not what was linked.
    Edited {
        /// Its place.
        seq: i64,
        /// Its name.
        id: String,
    },
    /// An entry is gone.
    Removed {
        /// Its place.
        seq: i64,
    },
    /// The newest entries are gone.
    CutOff {
        /// The place that the sealed head names.
        sealed: i64,
        /// The last place there is.
        found: i64,
    },
    /// The head is missing, was not sealed by us, or does not belong to the last entry.
    Head {
        /// The last place there is.
        found: i64,
    },
    /// The head that is kept beside the database was not sealed by us, or cannot be read.
    Anchor,
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { seq, id } => write!(f, "entry {seq} ({id}) was edited"),
            Self::Removed { seq } => write!(f, "entry {seq} was removed"),
            Self::CutOff { sealed, found } => write!(
                f,
                "the chain was cut off: {sealed} entries were sealed, {found} are there"
            ),
            Self::Head { found } => write!(
                f,
                "the head of the chain does not belong to its last entry ({found})"
            ),
            Self::Anchor => f.write_str(
                "the head that is kept beside the database (audit.anchor in the data folder) was not sealed by us",
            ),
        }
    }
}

impl UseCase for VerifyAudit {
    const NAME: &'static str = "audit.verify";
    const ACCESS: Access = Access::system();
    type Output = Stretch;
}

/// So many entries are read at once.
const BATCH: u32 = 1000;

impl Query for VerifyAudit {
    async fn run(mut self, view: &mut View<'_>) -> Result<Stretch> {
        let scope = view.scope();
        let batch = view.audit().linked_after(&scope, self.from.seq, BATCH).await?;
        let more = batch.len() == BATCH as usize;
        let mut fault = batch.into_iter().find_map(|entry| self.step(&entry));
        let more = more && fault.is_none();
        let mut waiting = 0;
        if !more {
            let end = view.audit().end().await?;
            fault = fault.or_else(|| self.wrong_end(&view.services().parts().sealer, end.as_ref()));
            waiting = view.audit().count_unlinked().await?;
        }
        Ok(Stretch {
            at: self.from,
            anchored: self.anchored,
            fault,
            waiting,
            more,
        })
    }
}

impl VerifyAudit {
    /// Goes one entry further, unless it is not the one that was linked.
    fn step(&mut self, entry: &LinkedEntry) -> Option<ChainFault> {
        let next = chain::next(&self.from, &entry.entry);
        if entry.seq != next.seq {
            return Some(ChainFault::Removed { seq: next.seq });
        }
        if entry.hash.as_ref() != Some(&next.hash) {
            return Some(ChainFault::Edited {
                seq: entry.seq,
                id: entry.entry.id(),
            });
        }
        self.anchored |= self.anchor.head() == Some(&next);
        self.from = next;
        None
    }

    fn wrong_end(&self, sealer: &Sealer, end: Option<&ChainEnd>) -> Option<ChainFault> {
        let found = self.from.seq;
        let kept = self.anchor.head().map_or(0, |anchor| anchor.seq);
        faulty_end(sealer, &self.from, end).or(match &self.anchor {
            Anchor::Invalid => Some(ChainFault::Anchor),
            _ if kept > found => Some(ChainFault::CutOff { sealed: kept, found }),
            _ if kept > 0 && !self.anchored => Some(ChainFault::Head { found }),
            _ => None,
        })
    }
}

/// What is wrong between the last place there is and the sealed head, if anything.
pub(super) fn faulty_end(sealer: &Sealer, at: &ChainHead, end: Option<&ChainEnd>) -> Option<ChainFault> {
    let found = at.seq;
    match end {
        Some(end) if end.head.seq == 0 && found == 0 => None,
        Some(end) if !chain::is_sealed(sealer, &end.head, &end.seal) => Some(ChainFault::Head { found }),
        Some(end) if end.head.seq > found => Some(ChainFault::CutOff {
            sealed: end.head.seq,
            found,
        }),
        Some(end) if end.head == *at => None,
        Some(_) | None => Some(ChainFault::Head { found }),
    }
}

impl Services {
    /// Verifies the chain, and holds it against the head that is kept beside the database.
    ///
    /// # Errors
    /// The database is away.
    pub async fn verify_audit(&self) -> Result<Verdict> {
        let anchor = anchor::read(self).await;
        let state = anchor.state();
        let (mut from, mut anchored) = (chain::beginning(), false);
        loop {
            let stretch = VerifyAudit {
                anchor: anchor.clone(),
                from,
                anchored,
            };
            let done = self
                .query(&Context::system(SystemCaller::OPERATOR), stretch)
                .await?;
            (from, anchored) = (done.at, done.anchored);
            if !done.more {
                return Ok(Verdict {
                    verified: from.seq,
                    waiting: done.waiting,
                    fault: done.fault,
                    anchor: state,
                });
            }
        }
    }
}
