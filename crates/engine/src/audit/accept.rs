//! Accepts an audit trail with findings, so that sealing continues: an administrator's act, which is recorded.

use super::anchor::{self, AnchorStore};
use super::chain;
use super::inspect::MAX_FAULTS;
use super::positions::Positions;
use super::verify::AuditVerifier;
use super::waiting::WaitingCheck;
use super::walk::Walk;
use crate::context::{CommandContext, Repositories};
use crate::pipeline::Pipeline;
use crate::request_context::RequestContext;
use crate::use_case::{Command, UseCase};
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::audit::{Acceptance, AuditEntry, ChainHead};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::DatabaseError;
use mainstay_repositories::{EntryKey, NewHead, WriterRecord};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The longest reason, in characters.
const MAX_REASON: usize = 500;
/// Entries read per query.
const BATCH: u32 = 1000;

/// Accepts every entry as it is now: those in the chain, those that were refused, and that some are missing. Nothing
/// is deleted or changed; the chain continues after them from the hash of what is there.
#[derive(Debug, Clone)]
pub struct AcceptAudit {
    reason: String,
    /// The findings, for the record.
    faults: Vec<String>,
    /// The number of the last linked entry that was read, and the hash of all up to it.
    read: (i64, Vec<u8>),
    /// The highest place that the anchor has recorded.
    kept: i64,
}

/// What an administrator accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The place up to which everything was accepted.
    pub seq: i64,
    /// The hash of that, in hexadecimal.
    pub hash: String,
    /// The reason that the administrator gave.
    pub reason: String,
    /// The findings at that time.
    pub faults: Vec<String>,
}

impl UseCase for AcceptAudit {
    const NAME: &'static str = "audit.accept";
    const ACCESS: Access = Access::system();
    type Output = Accepted;

    fn validate(&self) -> Result<(), ValidationErrors> {
        let length = self.reason.trim().chars().count();
        if (1..=MAX_REASON).contains(&length) {
            return Ok(());
        }
        Err(ValidationErrors::one(
            "reason",
            "LENGTH",
            format!("has to have 1 to {MAX_REASON} characters"),
        ))
    }
}

impl Command for AcceptAudit {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Accepted> {
        let sealer = &Arc::clone(&cx.components().sealer);
        let end = cx.audit().end().await?;
        let mut head = self.end_of_chain(cx).await?;
        let sealed = end
            .as_ref()
            .filter(|end| chain::is_state_sealed(sealer, &end.head, &end.writers, &end.seal));
        let mut before = cx.audit().acceptances().await?;
        before.retain(|acceptance| chain::is_genuine(sealer, acceptance));
        let accepted_before = before.last().map(|last| last.head.seq + 1);
        let known = [sealed.map(|end| end.head.seq), accepted_before, Some(self.kept)];
        // No place is assigned twice, so that a head stored elsewhere is never ambiguous.
        head.seq = known.into_iter().flatten().fold(head.seq, i64::max);
        let before = sealed
            .map(|end| Positions::parse(&end.writers))
            .unwrap_or_default();
        let (links, positions) = link_waiting(cx, &before, &mut head).await?;
        let writers = positions.bytes();
        let new = NewHead {
            head: &head,
            writers: &writers,
            seal: &chain::seal_state(sealer, &head, &writers),
            at: cx.now(),
            expected_seq: end.map_or(0, |end| end.head.seq),
        };
        if !cx.audit().reset_head(new).await? {
            return Err(DatabaseError::Retry.into());
        }
        cx.audit().link(&links).await?;
        let entry = cx.make_id::<AuditEntry>();
        let permit = cx.permit_new(AuditEntry::ACCEPT, entry, None)?;
        let mut acceptance = Acceptance {
            head: head.clone(),
            at: cx.now(),
            reason: self.reason.clone(),
            faults: serde_json::to_string(&self.faults).map_err(Error::internal)?,
            mac: Vec::new(),
        };
        acceptance.mac = chain::sign_acceptance(sealer, &acceptance);
        cx.audit().accept(&permit, entry, &acceptance).await?;
        let accepted = Accepted {
            seq: head.seq,
            hash: anchor::hex(&head.hash),
            reason: self.reason,
            faults: self.faults,
        };
        cx.record(permit, DomainEvent::noted("audit.accepted", "ACCEPT", &accepted));
        Ok(accepted)
    }
}

impl AcceptAudit {
    /// Reads the entries that were linked since the chain was walked.
    async fn end_of_chain(&self, cx: &mut CommandContext<'_>) -> Result<ChainHead> {
        let scope = cx.scope();
        let (mut seq, mut hash) = self.read.clone();
        loop {
            let batch = cx.audit().linked_after(&scope, seq, BATCH).await?;
            for entry in &batch {
                hash = chain::link(&hash, entry.seq, &entry.entry).hash;
                seq = entry.seq;
            }
            if batch.len() < BATCH as usize {
                return Ok(ChainHead {
                    seq: seq.max(0),
                    hash,
                });
            }
        }
    }
}

/// Links every waiting entry after `head`, which advances, and determines from which numbers the writers continue.
async fn link_waiting(
    cx: &mut CommandContext<'_>,
    before: &Positions,
    head: &mut ChainHead,
) -> Result<(Vec<(EntryKey, i64, Vec<u8>)>, Positions)> {
    let scope = cx.scope();
    let records = cx.audit().writers().await?;
    let audit_writers = Arc::clone(&cx.components().audit_writers);
    let mut check = WaitingCheck::new(audit_writers.keys(), before, &records);
    let (mut links, mut last) = (Vec::new(), None);
    loop {
        let batch = cx.audit().unlinked(&scope, last.as_ref(), BATCH).await?;
        for waiting in &batch {
            check.admits(waiting);
            *head = chain::next(head, &waiting.entry);
            links.push((waiting.key.clone(), head.seq, head.hash.clone()));
        }
        match batch.last() {
            Some(entry) if batch.len() == BATCH as usize => last = Some(entry.clone()),
            _ => break,
        }
    }
    let mut positions = check.accepted_positions();
    for record in &records {
        let number = positions.0.get(&record.end.writer).copied();
        if matches_entries(record, number)
            || !cx.audit().remove_writer(&record.key, record.end.number).await?
        {
            continue;
        }
        // Its process finds the record missing and continues with another writer.
        positions.0.remove(&record.end.writer);
    }
    Ok((links, positions))
}

/// Whether the record matches the entries.
fn matches_entries(record: &WriterRecord, number: Option<i64>) -> bool {
    number == Some(record.end.number)
}

/// Accepts the audit trail as it is.
pub struct AuditAcceptor {
    pipeline: Pipeline,
    verifier: AuditVerifier,
    anchor: AnchorStore,
}

impl AuditAcceptor {
    pub(crate) fn new(pipeline: Pipeline, verifier: AuditVerifier, anchor: AnchorStore) -> Self {
        Self {
            pipeline,
            verifier,
            anchor,
        }
    }

    /// Accepts the audit trail as it is, records the reason, and writes its head to the anchor. `None` when there is
    /// no finding.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a reason that is empty or too long; the database is unavailable, or the anchor cannot
    /// be written.
    pub async fn accept(&self, reason: &str) -> Result<Option<Accepted>> {
        let anchor = self.anchor.read().await;
        let kept = anchor.head().map_or(0, |kept| kept.seq);
        let (walk, _) = self.verifier.walk(Walk::new(anchor, None), true).await?;
        if walk.faults.is_empty() {
            return Ok(None);
        }
        let faults = walk.faults.iter().take(MAX_FAULTS).map(ToString::to_string);
        let command = AcceptAudit {
            reason: reason.trim().to_owned(),
            faults: faults.collect(),
            read: (walk.after, walk.content),
            kept,
        };
        let done = self
            .pipeline
            .command(&RequestContext::system(SystemCaller::OPERATOR), command)
            .await?;
        let accepted = done.output;
        let head = ChainHead {
            seq: accepted.seq,
            hash: anchor::unhex(&accepted.hash).unwrap_or_default(),
        };
        self.anchor.renew(head).await.map_err(Error::internal)?;
        Ok(Some(accepted))
    }
}
