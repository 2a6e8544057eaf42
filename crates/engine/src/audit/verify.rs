//! Verifies the chain, and the entries that wait to be linked.

use super::anchor::{AnchorState, AnchorStore};
use super::fault::ChainFault;
use super::positions::Positions;
use super::waiting::WaitingCheck;
use super::walk::{Walk, WitnessedHead};
use crate::context::{QueryContext, Repositories};
use crate::pipeline::Pipeline;
use crate::request_context::RequestContext;
use crate::use_case::{Query, UseCase};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_repositories::ChainEnd;
use serde::Serialize;
use std::sync::Arc;

/// Walks a section of the chain, and compares its end with the sealed head when it reaches it. Each section is a
/// snapshot of its own, so that a long trail does not hold one snapshot for the whole verification.
#[derive(Debug, Clone)]
pub struct VerifyAudit {
    walk: Walk,
    /// Whether to continue past findings: an accepted trail has to be read to its end.
    is_whole: bool,
}

/// The result of one section.
#[derive(Debug)]
pub struct VerifiedRange {
    walk: Walk,
    waiting: i64,
    /// Whether the chain continues after it.
    more: bool,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The number of linked entries before the first finding.
    pub verified: i64,
    /// The number of entries that are not linked yet.
    pub waiting: i64,
    /// The first finding.
    pub fault: Option<ChainFault>,
    /// The first twenty findings, including `fault`.
    pub faults: Vec<ChainFault>,
    /// Whether the chain could be compared with an anchor.
    pub anchor: AnchorState,
}

impl UseCase for VerifyAudit {
    const NAME: &'static str = "audit.verify";
    const ACCESS: Access = Access::system();
    type Output = VerifiedRange;
}

/// Entries read per query.
const BATCH: u32 = 1000;

impl Query for VerifyAudit {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<VerifiedRange> {
        let Self { mut walk, is_whole } = self;
        let scope = cx.scope();
        if walk.after == i64::MIN {
            let accepted = cx.audit().acceptances().await?;
            walk.accept(&cx.components().sealer, accepted);
        }
        let batch = cx.audit().linked_after(&scope, walk.after, BATCH).await?;
        let more = batch.len() == BATCH as usize;
        for entry in &batch {
            walk.step(cx.components().audit_writers.keys(), entry);
            if walk.is_over() && !is_whole {
                break;
            }
        }
        let more = more && (is_whole || !walk.is_over());
        let mut waiting = 0;
        if !more {
            let end = cx.audit().end().await?;
            walk.finish(&cx.components().sealer, end.as_ref());
            waiting = cx.audit().count_unlinked().await?;
            walk.faults
                .append(&mut check_waiting(cx, end.as_ref(), waiting).await?);
        }
        Ok(VerifiedRange { walk, waiting, more })
    }
}

/// Checks every waiting entry in the snapshot.
async fn check_waiting(
    cx: &mut QueryContext<'_>,
    end: Option<&ChainEnd>,
    count: i64,
) -> Result<Vec<ChainFault>> {
    let writers = Arc::clone(&cx.components().audit_writers);
    let scope = cx.scope();
    let positions = end.map(|end| Positions::parse(&end.writers)).unwrap_or_default();
    let records = cx.audit().writers().await?;
    let mut check = WaitingCheck::new(writers.keys(), &positions, &records);
    let (mut last, mut read) = (None, 0);
    loop {
        let batch = cx.audit().unlinked(&scope, last.as_ref(), BATCH).await?;
        read += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        for waiting in &batch {
            check.admits(waiting);
        }
        match batch.last() {
            Some(entry) if batch.len() == BATCH as usize => last = Some(entry.clone()),
            _ => break,
        }
    }
    check.finish();
    if read < count {
        check.faults.push(ChainFault::Unordered { count: count - read });
    }
    Ok(check.faults)
}

/// Verifies the audit trail. Cheap to clone.
#[derive(Clone)]
pub struct AuditVerifier {
    pipeline: Pipeline,
    anchor: AnchorStore,
}

impl AuditVerifier {
    pub(crate) fn new(pipeline: Pipeline, anchor: AnchorStore) -> Self {
        Self { pipeline, anchor }
    }

    /// Verifies the chain and the waiting entries, and compares it with the anchor and with the given head.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn verify(&self, witnessed: Option<WitnessedHead>) -> Result<Verdict> {
        let anchor = self.anchor.read().await;
        let state = anchor.state();
        let (walk, waiting) = self.walk(Walk::new(anchor, witnessed), false).await?;
        let mut faults = walk.faults;
        faults.truncate(super::inspect::MAX_FAULTS);
        Ok(Verdict {
            verified: walk.verified,
            waiting,
            fault: faults.first().cloned(),
            faults,
            anchor: state,
        })
    }

    pub(super) async fn walk(&self, mut walk: Walk, is_whole: bool) -> Result<(Walk, i64)> {
        loop {
            let done = self
                .pipeline
                .query(
                    &RequestContext::system(SystemCaller::OPERATOR),
                    VerifyAudit { walk, is_whole },
                )
                .await?;
            walk = done.walk;
            if !done.more {
                return Ok((walk, done.waiting));
            }
        }
    }
}
