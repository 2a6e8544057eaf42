//! Verifies the chain.

use super::{anchor, chain};
use crate::context::Context;
use crate::services::Services;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::audit::ChainHead;
use serde::Serialize;
use std::fmt;

/// Goes through the whole chain and holds its end against the sealed head.
#[derive(Debug, Clone)]
pub struct VerifyAudit {
    /// The head that was kept beside the database.
    anchor: Option<ChainHead>,
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
        }
    }
}

impl UseCase for VerifyAudit {
    const NAME: &'static str = "audit.verify";
    const ACCESS: Access = Access::system();
    type Output = Verdict;
}

/// So many entries are read at once.
const BATCH: u32 = 1000;

impl Query for VerifyAudit {
    async fn run(self, view: &mut View<'_>) -> Result<Verdict> {
        let (mut at, scope) = (chain::beginning(), view.scope());
        let mut fault = None;
        let mut anchored = self.anchor.as_ref().is_none_or(|anchor| anchor.seq == 0);
        'chain: loop {
            let batch = view.audit().linked_after(&scope, at.seq, BATCH).await?;
            if batch.is_empty() {
                break;
            }
            for (seq, hash, entry) in batch {
                let next = chain::next(&at, &entry);
                if seq != next.seq {
                    fault = Some(ChainFault::Removed { seq: next.seq });
                    break 'chain;
                }
                if hash != next.hash {
                    fault = Some(ChainFault::Edited {
                        seq,
                        id: entry.id.to_string(),
                    });
                    break 'chain;
                }
                anchored |= self.anchor.as_ref() == Some(&next);
                at = next;
            }
        }
        let head = view.audit().head().await?;
        let fault = fault.or_else(|| self.wrong_end(view.services(), &at, head, anchored));
        let waiting = view.audit().count_unlinked().await?;
        Ok(Verdict {
            verified: at.seq,
            waiting,
            fault,
        })
    }
}

impl VerifyAudit {
    fn wrong_end(
        &self,
        services: &Services,
        at: &ChainHead,
        head: Option<(ChainHead, Vec<u8>)>,
        anchored: bool,
    ) -> Option<ChainFault> {
        let found = at.seq;
        let kept = self.anchor.as_ref().map_or(0, |anchor| anchor.seq);
        match head {
            None if found == 0 && kept == 0 => None,
            None if found == 0 => Some(ChainFault::CutOff { sealed: kept, found }),
            None => Some(ChainFault::Head { found }),
            Some((head, seal)) if !chain::is_sealed(&services.parts().sealer, &head, &seal) => {
                Some(ChainFault::Head { found })
            }
            Some((head, _)) if head.seq > found => Some(ChainFault::CutOff {
                sealed: head.seq,
                found,
            }),
            Some((head, _)) if head != *at => Some(ChainFault::Head { found }),
            Some(_) if kept > found => Some(ChainFault::CutOff { sealed: kept, found }),
            Some(_) if !anchored => Some(ChainFault::Head { found }),
            Some(_) => None,
        }
    }
}

impl Services {
    /// Verifies the chain, and holds it against the head that is kept beside the database.
    ///
    /// # Errors
    /// The database is away.
    pub async fn verify_audit(&self) -> Result<Verdict> {
        let anchor = anchor::read(&self.policies().data_dir, &self.parts().sealer).await;
        self.query(&Context::system(SystemCaller::OPERATOR), VerifyAudit { anchor })
            .await
    }
}
