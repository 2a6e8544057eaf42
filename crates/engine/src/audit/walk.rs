//! Walks the chain entry by entry.

use super::anchor::Anchor;
use super::chain;
use super::entry_keys::EntryKeys;
use super::fault::ChainFault;
use super::inspect::{MAX_FAULTS, faulty_end};
use mainstay_domain::audit::{Acceptance, ChainHead};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_repositories::{ChainEnd, LinkedEntry};

/// A head that was stored outside of this machine: its place, and its hash or a prefix of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedHead {
    /// Its place in the chain.
    pub seq: i64,
    /// The hash or its first bytes, at least 8.
    pub hash: Vec<u8>,
}

/// How far the walk has come, and its findings.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The place of the last entry, by its own stored hash, so that an edited entry does not hide the next.
    pub(super) at: ChainHead,
    /// The number after which the next entries are read.
    pub(super) after: i64,
    /// The hash of all entries as they are now.
    pub(super) content: Vec<u8>,
    /// The number of entries before the first finding.
    pub(super) verified: i64,
    pub(super) faults: Vec<ChainFault>,
    /// Findings in an accepted section, if it is still what was accepted.
    excused: Vec<ChainFault>,
    /// The last place up to which everything was accepted, until the walk has passed it.
    accepted: Option<ChainHead>,
    anchor: Anchor,
    is_anchored: bool,
    witnessed: Option<WitnessedHead>,
    is_witnessed: bool,
}

impl Walk {
    pub(super) fn new(anchor: Anchor, witnessed: Option<WitnessedHead>) -> Self {
        let start = chain::beginning();
        Self {
            content: start.hash.clone(),
            at: start,
            // A planted entry may have any number.
            after: i64::MIN,
            verified: 0,
            faults: Vec::new(),
            excused: Vec::new(),
            accepted: None,
            anchor,
            is_anchored: false,
            witnessed,
            is_witnessed: false,
        }
    }

    /// Sets the acceptances, in the order of places, before the first entry. Only the last one counts, and one that
    /// Mainstay did not sign has no effect.
    pub(super) fn accept(&mut self, sealer: &Sealer, acceptances: Vec<Acceptance>) {
        let mut genuine = acceptances.into_iter().rev();
        let last = genuine.find(|acceptance| chain::is_genuine(sealer, acceptance));
        self.accepted = last.map(|acceptance| acceptance.head);
        if let (Some(accepted), Some(kept)) = (&self.accepted, self.anchor.head()) {
            self.is_anchored = kept.seq <= accepted.seq;
        }
    }

    /// Advances by one entry.
    pub(super) fn step(&mut self, keys: &EntryKeys, entry: &LinkedEntry) {
        if let Some(accepted) = self.accepted.take_if(|accepted| accepted.seq < entry.seq) {
            self.close(&accepted);
        }
        let place = chain::link(&self.at.hash, entry.seq, &entry.entry);
        self.content = if self.content == self.at.hash {
            place.hash.clone()
        } else {
            chain::link(&self.content, entry.seq, &entry.entry).hash
        };
        let fault = if entry.seq != self.at.seq + 1 {
            Some(ChainFault::Removed { seq: self.at.seq + 1 })
        } else if entry.hash.as_ref() != Some(&place.hash) {
            Some(ChainFault::Edited {
                seq: entry.seq,
                id: entry.entry.id(),
            })
        } else if self.accepted.is_none() && !keys.vouches_for(&entry.entry, &entry.mac) {
            Some(ChainFault::Forged { id: entry.entry.id() })
        } else {
            None
        };
        self.after = entry.seq;
        self.at = ChainHead {
            seq: entry.seq,
            hash: entry.hash.clone().unwrap_or_else(|| place.hash.clone()),
        };
        match fault {
            Some(fault) if self.accepted.is_none() => self.faults.push(fault),
            Some(fault) if self.excused.len() < MAX_FAULTS => self.excused.push(fault),
            Some(_) => {}
            None => {
                self.is_anchored |= self.anchor.head() == Some(&place);
                self.is_witnessed |= self.witnesses(&place);
            }
        }
        if self.faults.is_empty() {
            self.verified = self.at.seq;
        }
    }

    /// Whether there are so many findings that more would not help.
    pub(super) fn is_over(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    fn witnesses(&self, place: &ChainHead) -> bool {
        let given = self.witnessed.as_ref();
        given.is_some_and(|given| given.seq == place.seq && place.hash.starts_with(&given.hash))
    }

    /// Passes the place of an acceptance: the entries up to it have to be what was accepted, whatever was wrong with
    /// them.
    fn close(&mut self, head: &ChainHead) {
        if self.content != head.hash {
            match self.excused.is_empty() {
                true => self.faults.push(ChainFault::Accepted { seq: head.seq }),
                false => self.faults.append(&mut self.excused),
            }
        }
        self.excused.clear();
        self.at = head.clone();
        self.is_witnessed |= self.witnesses(head);
        if self.faults.is_empty() {
            self.verified = head.seq;
        }
    }

    /// Compares the end with the sealed head, the anchor, and the given head.
    pub(super) fn finish(&mut self, sealer: &Sealer, end: Option<&ChainEnd>) {
        if let Some(accepted) = self.accepted.take() {
            self.close(&accepted);
        }
        let found = self.at.seq;
        self.faults.extend(faulty_end(sealer, &self.at, end));
        let kept = self.anchor.head().map_or(0, |anchor| anchor.seq);
        let is_empty = found == 0 && end.is_some_and(|end| end.head.seq == 0);
        match &self.anchor {
            Anchor::Invalid => self.faults.push(ChainFault::Anchor),
            Anchor::Absent if !is_empty => self.faults.push(ChainFault::AnchorMissing),
            _ if kept > found && !self.is_anchored => {
                let cut_off = ChainFault::CutOff { sealed: kept, found };
                if !self.faults.contains(&cut_off) {
                    self.faults.push(cut_off);
                }
            }
            _ if kept > 0 && !self.is_anchored && self.faults.is_empty() => {
                self.faults.push(ChainFault::Head { found });
            }
            _ => {}
        }
        if let Some(given) = self.witnessed.as_ref().filter(|_| !self.is_witnessed) {
            self.faults.push(ChainFault::Witness { seq: given.seq });
        }
    }
}
