//! Checks the entries that wait to be linked: that Mainstay wrote each, and that none was removed.

use super::entry_keys::EntryKeys;
use super::fault::ChainFault;
use super::positions::Positions;
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::time::Timestamp;
use mainstay_repositories::{UnlinkedEntry, WriterRecord};
use std::collections::BTreeMap;

/// Checks the waiting entries in the order of writer and number.
pub(super) struct WaitingCheck<'k> {
    keys: &'k EntryKeys,
    writers: BTreeMap<AuditWriterId, Series>,
    pub(super) faults: Vec<ChainFault>,
}

/// The state of one writer.
#[derive(Debug, Default)]
struct Series {
    /// The number of its last linked entry.
    linked: Option<i64>,
    /// The number in its record, when Mainstay wrote the record.
    recorded: Option<i64>,
    /// The last number up to which none is missing.
    whole: i64,
    /// The highest number there is.
    highest: i64,
    /// A number is missing: what follows is not linked, or the gap would be forgotten.
    has_gap: bool,
}

impl<'k> WaitingCheck<'k> {
    /// Positions, records and entries have to come from one snapshot.
    pub(super) fn new(keys: &'k EntryKeys, positions: &Positions, records: &[WriterRecord]) -> Self {
        let mut check = Self {
            keys,
            writers: BTreeMap::new(),
            faults: Vec::new(),
        };
        for (writer, number) in &positions.0 {
            let series = check.writers.entry(*writer).or_default();
            (series.linked, series.whole, series.highest) = (Some(*number), *number, *number);
        }
        for record in records {
            let series = check.writers.entry(record.end.writer).or_default();
            if keys.vouches_for_end(&record.end) {
                series.recorded = Some(record.end.number);
            } else if series.linked.is_none() {
                // For a writer with a linked entry, a missing record is found below.
                check.faults.push(ChainFault::Writer {
                    writer: record.end.writer,
                });
            }
        }
        check
    }

    /// Whether the entry may be linked.
    pub(super) fn admits(&mut self, waiting: &UnlinkedEntry) -> bool {
        let forged = |faults: &mut Vec<ChainFault>| {
            faults.push(ChainFault::Forged {
                id: waiting.entry.id(),
            });
            false
        };
        if !self.keys.vouches_for(&waiting.entry, &waiting.mac) {
            return forged(&mut self.faults);
        }
        let (writer, number) = (waiting.mac.writer(), waiting.mac.number);
        let series = self.writers.entry(writer).or_insert_with(|| {
            // Genuine, but its writer has no record: it was removed, or the entry is a very old one.
            self.faults.push(ChainFault::Writer { writer });
            Series {
                has_gap: true,
                highest: number,
                ..Series::default()
            }
        });
        if number <= series.whole {
            return forged(&mut self.faults);
        }
        if number > series.highest + 1 {
            self.faults.push(ChainFault::Missing {
                writer,
                from: series.highest + 1,
                to: number - 1,
            });
            series.has_gap = true;
        }
        series.highest = series.highest.max(number);
        if !series.has_gap {
            series.whole = number;
        }
        !series.has_gap
    }

    /// The highest number of a writer of which entries are missing.
    pub(super) fn gap_of(&self, writer: AuditWriterId) -> Option<i64> {
        let series = self.writers.get(&writer).filter(|series| series.has_gap);
        series.map(|series| series.highest)
    }

    /// Continues with a writer whose entries were read before up to a number, and some of which are missing.
    pub(super) fn resume(&mut self, writer: AuditWriterId, highest: i64) {
        let series = self.writers.entry(writer).or_default();
        series.has_gap = true;
        series.highest = series.highest.max(highest);
    }

    /// The missing ones of the numbers that this process has certainly committed.
    pub(super) fn missed(&self, committed: &[(AuditWriterId, i64, Timestamp)]) -> Vec<ChainFault> {
        let one = |(writer, number, _): &(AuditWriterId, i64, Timestamp)| {
            let (writer, number) = (*writer, *number);
            match self.writers.get(&writer) {
                Some(series) if series.highest < number => Some(ChainFault::Missing {
                    writer,
                    from: series.highest + 1,
                    to: number,
                }),
                Some(series) if series.recorded >= Some(number) => None,
                Some(_) | None => Some(ChainFault::Writer { writer }),
            }
        };
        let missed = committed.iter().filter_map(one);
        missed.filter(|fault| !self.faults.contains(fault)).collect()
    }

    /// Called after the last entry: finds what is missing at the end.
    pub(super) fn finish(&mut self) {
        for (writer, series) in &self.writers {
            let writer = *writer;
            match series.recorded {
                None if series.linked.is_some() => self.faults.push(ChainFault::Writer { writer }),
                None => {}
                Some(recorded) if recorded > series.highest => self.faults.push(ChainFault::Missing {
                    writer,
                    from: series.highest + 1,
                    to: recorded,
                }),
                // The record is an earlier version.
                Some(recorded) if recorded < series.highest => {
                    self.faults.push(ChainFault::Writer { writer });
                }
                Some(_) => {}
            }
        }
    }

    /// How far each writer's entries are linked once all admitted ones are.
    pub(super) fn positions(&self) -> Positions {
        let open = self
            .writers
            .iter()
            .filter(|(_, series)| series.linked.is_some() || (series.whole > 0 && series.recorded.is_some()));
        Positions(open.map(|(writer, series)| (*writer, series.whole)).collect())
    }

    /// How far each writer's entries are known, for an administrator who accepts that some are missing; only of
    /// writers whose record is in order.
    pub(super) fn accepted_positions(&self) -> Positions {
        let recorded = self.writers.iter().filter_map(|(writer, series)| {
            let number = series.recorded?;
            Some((*writer, number.max(series.highest)))
        });
        Positions(recorded.collect())
    }
}
