//! What a sealer reads and checks before it links anything.

use super::anchor::Anchor;
use super::chain;
use super::entry_keys::EntryKeys;
use super::fault::{Broken, ChainFault};
use super::positions::Positions;
use super::waiting::WaitingCheck;
use super::writers::RECORD_RETENTION;
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::audit::{Acceptance, ChainHead};
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::database::Tx;
use mainstay_repositories::{Audit, ChainEnd, EntryKey, UnlinkedEntry, WriterRecord};

/// The most batches that one run reads while every entry is refused, so that planted rows neither stop the chain nor
/// occupy the sealer.
const MAX_BATCHES: u32 = 20;
/// The most records of unused writers that one run removes.
const MAX_REMOVED: usize = 100;
/// The most findings that are reported at once.
pub(super) const MAX_FAULTS: usize = 20;

/// Where a run begins to read.
#[derive(Debug, Clone)]
pub(super) struct WaitingCursor {
    /// The last entry that was read.
    after: UnlinkedEntry,
    /// The highest number of its writer so far, when some numbers of that writer are missing.
    gap: Option<i64>,
}

/// What a run knows before it reads.
pub(super) struct Start {
    /// Entries to read per query, and to link at most.
    pub(super) limit: u32,
    pub(super) anchor: Anchor,
    /// The numbers that the writers of this process have certainly committed, and when.
    pub(super) committed: Vec<(AuditWriterId, i64, Timestamp)>,
    /// Where the run before this one stopped, unless it read everything.
    pub(super) cursor: Option<WaitingCursor>,
}

/// The end of the chain and the entries that wait after it, read in one snapshot.
pub(super) struct Inspection {
    /// The place of the last linked entry.
    pub(super) from: ChainHead,
    /// The place after the entries that may be linked.
    pub(super) head: ChainHead,
    /// Those entries, each with its place and the hash of all up to it.
    pub(super) links: Vec<(EntryKey, i64, Vec<u8>)>,
    /// How far each writer's entries are linked after this run.
    pub(super) positions: Positions,
    records: Vec<WriterRecord>,
    /// The records of writers that are no longer used.
    pub(super) ended: Vec<WriterRecord>,
    /// The findings about single entries and writers, the first [`MAX_FAULTS`].
    pub(super) faults: Vec<ChainFault>,
    /// The writers whose entries are missing in the database.
    pub(super) gaps: Vec<AuditWriterId>,
    /// Where the next run begins to read.
    pub(super) cursor: Option<WaitingCursor>,
}

impl Inspection {
    /// # Errors
    /// The database is unavailable, or the chain itself is broken.
    pub(super) async fn read(sealer: &Sealer, keys: &EntryKeys, tx: &mut Tx, start: Start) -> Result<Self> {
        let Start {
            limit,
            anchor,
            committed,
            cursor,
        } = start;
        let end = Audit::new(tx).end().await?;
        let from = chain_end(sealer, tx, end.as_ref()).await?;
        if let Some(fault) = anchor_fault(sealer, tx, &anchor, &from).await? {
            return Err(Error::internal(Broken(fault)));
        }
        let positions = end.map(|end| Positions::parse(&end.writers)).unwrap_or_default();
        let records = Audit::new(tx).writers().await?;
        let mut check = WaitingCheck::new(keys, &positions, &records);
        if let Some(WaitingCursor {
            after,
            gap: Some(highest),
        }) = &cursor
        {
            check.resume(after.mac.writer(), *highest);
        }
        let scope = access::scope(&Caller::System(SystemCaller::SEALER));
        let is_resumed = cursor.is_some();
        let (mut good, mut last, mut batches) = (Vec::new(), cursor.map(|cursor| cursor.after), 0);
        let is_end = loop {
            let batch = Audit::new(tx).unlinked(&scope, last.as_ref(), limit).await?;
            let is_full = u32::try_from(batch.len()).is_ok_and(|count| count >= limit);
            last = batch.last().cloned().or(last);
            good.extend(batch.into_iter().filter(|waiting| check.admits(waiting)));
            batches += 1;
            if !is_full || !good.is_empty() || batches == MAX_BATCHES {
                break !is_full;
            }
        };
        if is_end && !is_resumed {
            check.finish();
        }
        let gaps = check.faults.iter().filter_map(ChainFault::missing_of).collect();
        if is_end && !is_resumed {
            let forgotten = forgotten(sealer, tx, &check, committed).await?;
            check.faults.extend(forgotten);
        }
        let positions = check.positions();
        let gap = last.as_ref().and_then(|last| check.gap_of(last.mac.writer()));
        let mut faults = check.faults;
        faults.truncate(MAX_FAULTS);
        let cursor = last
            .filter(|_| !is_end && good.is_empty())
            .map(|after| WaitingCursor { gap, after });
        let (head, links) = linked(&from, good);
        Ok(Self {
            from,
            head,
            links,
            positions,
            records,
            ended: Vec::new(),
            faults,
            gaps,
            cursor,
        })
    }

    /// Drops the writers that are no longer used and whose entries are all linked then, so that they stay few.
    pub(super) fn without_ended(mut self, keys: &EntryKeys, now: Timestamp, ended: &[AuditWriterId]) -> Self {
        let oldest = now.before(RECORD_RETENTION);
        let over = self.records.drain(..).filter(|record| {
            let end = &record.end;
            (end.at < oldest || ended.contains(&end.writer))
                && self.positions.0.get(&end.writer) == Some(&end.number)
                && keys.vouches_for_end(end)
        });
        self.ended = over.take(MAX_REMOVED).collect();
        for record in &self.ended {
            self.positions.0.remove(&record.end.writer);
        }
        self
    }
}

/// Links entries in the order of time, at most one batch.
fn linked(from: &ChainHead, mut good: Vec<UnlinkedEntry>) -> (ChainHead, Vec<(EntryKey, i64, Vec<u8>)>) {
    good.sort_by_cached_key(|waiting| waiting.entry.id());
    let mut head = from.clone();
    let mut links = Vec::with_capacity(good.len());
    for waiting in good {
        head = chain::next(&head, &waiting.entry);
        links.push((waiting.key, head.seq, head.hash.clone()));
    }
    (head, links)
}

/// What this process has certainly committed and the database does not have. Anything committed before the trail was
/// last accepted is exempt: the removal of a writer's record may have been part of that.
async fn forgotten(
    sealer: &Sealer,
    tx: &mut Tx,
    check: &WaitingCheck<'_>,
    mut committed: Vec<(AuditWriterId, i64, Timestamp)>,
) -> Result<Vec<ChainFault>> {
    if check.missed(&committed).is_empty() {
        return Ok(Vec::new());
    }
    if let Some(accepted) = last_acceptance(sealer, tx).await? {
        committed.retain(|(.., at)| accepted.at < *at);
    }
    Ok(check.missed(&committed))
}

/// The place of the last linked entry, or the one up to which everything was accepted.
///
/// # Errors
/// The database is unavailable, or the sealed head does not belong there.
async fn chain_end(sealer: &Sealer, tx: &mut Tx, end: Option<&ChainEnd>) -> Result<ChainHead> {
    let last = end.and_then(|end| {
        Some(ChainHead {
            seq: end.last_seq?,
            hash: end.last_hash.clone().unwrap_or_default(),
        })
    });
    let last = last.unwrap_or_else(chain::beginning);
    let Some(fault) = faulty_end(sealer, &last, end) else {
        return Ok(last);
    };
    let accepted = last_acceptance(sealer, tx).await?.map(|accepted| accepted.head);
    match accepted {
        Some(accepted) if accepted.seq >= last.seq && faulty_end(sealer, &accepted, end).is_none() => {
            Ok(accepted)
        }
        _ => Err(Error::internal(Broken(fault))),
    }
}

async fn last_acceptance(sealer: &Sealer, tx: &mut Tx) -> Result<Option<Acceptance>> {
    let mut all = Audit::new(tx).acceptances().await?;
    all.retain(|acceptance| chain::is_genuine(sealer, acceptance));
    Ok(all.pop())
}

/// The finding between the last place there is and the sealed head, if any.
pub(super) fn faulty_end(sealer: &Sealer, at: &ChainHead, end: Option<&ChainEnd>) -> Option<ChainFault> {
    let found = at.seq;
    match end {
        Some(end) if end.head.seq == 0 && found == 0 => None,
        Some(end) if !chain::is_state_sealed(sealer, &end.head, &end.writers, &end.seal) => {
            Some(ChainFault::Head { found })
        }
        Some(end) if end.head.seq > found => Some(ChainFault::CutOff {
            sealed: end.head.seq,
            found,
        }),
        Some(end) if end.head == *at => None,
        Some(_) | None => Some(ChainFault::Head { found }),
    }
}

/// Whether the anchor's head is still a place in its chain. It is not when the database was restored to an older
/// state, or the links were removed so that edited entries were linked anew.
async fn anchor_fault(
    sealer: &Sealer,
    tx: &mut Tx,
    anchor: &Anchor,
    from: &ChainHead,
) -> Result<Option<ChainFault>> {
    let found = from.seq;
    let kept = match anchor {
        Anchor::Absent => return Ok((found > 0).then_some(ChainFault::AnchorMissing)),
        Anchor::Invalid => return Ok(Some(ChainFault::Anchor)),
        Anchor::Held(kept) if kept.seq == 0 || kept == from => return Ok(None),
        Anchor::Held(kept) => kept,
    };
    let scope = access::scope(&Caller::System(SystemCaller::SEALER));
    let place = Audit::new(tx).linked_after(&scope, kept.seq - 1, 1).await?;
    let place = place.first();
    if place.is_some_and(|entry| entry.seq == kept.seq && entry.hash.as_ref() == Some(&kept.hash)) {
        return Ok(None);
    }
    let accepted = last_acceptance(sealer, tx).await?;
    if accepted.is_some_and(|accepted| accepted.head.seq >= kept.seq) {
        return Ok(None);
    }
    Ok(Some(if kept.seq > found {
        ChainFault::CutOff {
            sealed: kept.seq,
            found,
        }
    } else {
        ChainFault::Head { found }
    }))
}
