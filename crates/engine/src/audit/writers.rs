//! The writers of this process: series of audit entries that are numbered without gaps.
//!
//! Numbers without gaps work with concurrent transactions because a transaction takes a writer for itself when it
//! writes its entries, which is its last batch, and returns it when its outcome is known. A transaction that left no
//! trace returns it unchanged; one whose outcome is unknown does not return it at all.

use super::entry_keys::EntryKeys;
use mainstay_domain::audit::{AuditEntry, AuthenticatedEntry, WriterEnd};
use mainstay_domain::id::AuditWriterId;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use parking_lot::Mutex;
use std::time::Duration;

/// A writer that was idle for longer is not used again.
const MAX_IDLE: Duration = Duration::from_hours(1);
/// The record of a writer whose entries are all linked is removed after this: long after its process stopped using
/// it.
pub(super) const RECORD_RETENTION: Duration = Duration::from_hours(24);

/// The writers that no transaction holds.
pub struct AuditWriters {
    keys: EntryKeys,
    free: Mutex<Vec<Writer>>,
}

#[derive(Debug)]
struct Writer {
    id: AuditWriterId,
    /// The number of its last committed entry.
    number: i64,
    used_at: Timestamp,
}

/// A writer leased by one command, whose transaction may run more than once.
#[derive(Debug, Default)]
pub(crate) struct WriterLease(Mutex<Option<HeldWriter>>);

#[derive(Debug)]
struct HeldWriter {
    writer: Writer,
    /// How many entries the last run of the transaction wrote.
    written: i64,
}

impl WriterLease {
    /// Starts a run of the transaction: what an earlier run wrote was rolled back.
    pub(crate) fn restart(&self) {
        if let Some(held) = &mut *self.0.lock() {
            held.written = 0;
        }
    }

    /// Retires the writer permanently.
    pub(crate) fn retire(&self) {
        if let Some(HeldWriter { writer, .. }) = self.0.lock().take() {
            tracing::debug!(writer = %writer.id, number = writer.number, "a writer of audit entries is not used again");
        }
    }
}

impl AuditWriters {
    pub(crate) fn new(keys: EntryKeys) -> Self {
        Self {
            keys,
            free: Mutex::default(),
        }
    }

    pub(crate) fn keys(&self) -> &EntryKeys {
        &self.keys
    }

    /// Numbers and authenticates the entries of a transaction.
    pub(crate) fn authenticate(
        &self,
        lease: &WriterLease,
        entries: Vec<AuditEntry>,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Vec<AuthenticatedEntry>, WriterEnd) {
        let mut held = lease.0.lock();
        let held = held.get_or_insert_with(|| HeldWriter {
            writer: self.take(now, random),
            written: 0,
        });
        let (id, before) = (held.writer.id, held.writer.number);
        let mut number = before;
        let mut authenticated = Vec::with_capacity(entries.len());
        for entry in entries {
            number += 1;
            authenticated.push(self.keys.authenticate(entry, id, number));
        }
        held.written = number - before;
        (authenticated, self.keys.end(id, number, now, before == 0))
    }

    /// Takes the one that was used last, so that few are in use when few are needed.
    fn take(&self, now: Timestamp, random: &dyn Random) -> Writer {
        let mut free = self.free.lock();
        while let Some(writer) = free.pop() {
            if now.since(writer.used_at) < MAX_IDLE {
                return writer;
            }
        }
        Writer {
            id: AuditWriterId::make(now, random),
            number: 0,
            used_at: now,
        }
    }

    /// Returns a writer when the outcome of its transaction is known.
    pub(crate) fn settle<T>(&self, lease: &WriterLease, outcome: &Result<T>, now: Timestamp) {
        match outcome {
            Ok(_) => {
                if let Some(HeldWriter { mut writer, written }) = lease.0.lock().take() {
                    writer.number += written;
                    writer.used_at = now;
                    self.free.lock().push(writer);
                }
            }
            // The database may have committed it all the same.
            Err(Error::Unavailable { .. } | Error::Internal(_)) => lease.retire(),
            Err(_) => {
                if let Some(HeldWriter { writer, .. }) = lease.0.lock().take() {
                    self.free.lock().push(writer);
                }
            }
        }
    }

    /// The writers that no transaction holds: the number that each has certainly committed, and when.
    pub(super) fn committed(&self, now: Timestamp) -> Vec<(AuditWriterId, i64, Timestamp)> {
        let mut free = self.free.lock();
        // The record of a writer that is idle for long may be removed.
        free.retain(|writer| now.since(writer.used_at) < MAX_IDLE);
        let used = free.iter().filter(|writer| writer.number > 0);
        used.map(|writer| (writer.id, writer.number, writer.used_at))
            .collect()
    }

    /// Stops using a writer of which an entry is missing: its later entries would wait behind the gap.
    pub(super) fn drop_writer(&self, id: AuditWriterId) {
        self.free.lock().retain(|writer| writer.id != id);
    }

    /// Stops using all free writers, and returns their ids.
    pub(super) fn drop_all(&self) -> Vec<AuditWriterId> {
        let free = std::mem::take(&mut *self.free.lock());
        free.into_iter().map(|writer| writer.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::audit::Actor;
    use mainstay_domain::id::AuditId;
    use mainstay_domain::random::Counting;
    use mainstay_platform::crypto::master_key::MasterKey;
    use mainstay_platform::crypto::seal::Sealer;

    fn writers() -> AuditWriters {
        let sealer = Sealer::new(MasterKey::from_bytes([1; 32]), Vec::new());
        AuditWriters::new(EntryKeys::new(&sealer))
    }

    fn entries(count: usize) -> Vec<AuditEntry> {
        let entry = AuditEntry {
            id: AuditId::make(at(0), &Counting::default()),
            at: at(0),
            user_id: None,
            actor: Actor::System,
            action: "CREATE".to_owned(),
            resource: "order".to_owned(),
            resource_id: "1".to_owned(),
            before: None,
            after: None,
            ip: None,
            user_agent: None,
            request_id: None,
        };
        vec![entry; count]
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    struct Run<'w>(&'w AuditWriters, WriterLease, Counting);

    impl Run<'_> {
        fn write(&self, count: usize) -> (AuditWriterId, Vec<i64>) {
            self.1.restart();
            let (written, end) = self.0.authenticate(&self.1, entries(count), at(0), &self.2);
            assert_eq!(written.last().map(|entry| entry.number), Some(end.number));
            (
                end.writer,
                written.into_iter().map(|entry| entry.number).collect(),
            )
        }

        fn end(&self, outcome: &Result<()>) {
            self.0.settle(&self.1, outcome, at(0));
        }
    }

    fn run(writers: &AuditWriters) -> Run<'_> {
        Run(writers, WriterLease::default(), Counting::default())
    }

    #[test]
    fn numbers_go_on_after_a_commit_and_are_used_again_after_an_undone_transaction() {
        let writers = writers();
        let first = run(&writers);
        let (writer, numbers) = first.write(2);
        assert_eq!(numbers, [1, 2]);
        first.end(&Ok(()));
        let second = run(&writers);
        assert_eq!(second.write(1), (writer, vec![3]));
        second.end(&Err(Error::NotFound));
        let third = run(&writers);
        assert_eq!(third.write(1), (writer, vec![3]));
        // The transaction ran again because of a conflict; the last run counts.
        assert_eq!(third.write(2), (writer, vec![3, 4]));
        third.end(&Ok(()));
        let replayed = run(&writers);
        assert_eq!(replayed.write(1), (writer, vec![5]));
        replayed.1.restart();
        replayed.end(&Ok(()));
        assert_eq!(run(&writers).write(1), (writer, vec![5]));
    }

    #[test]
    fn a_writer_whose_outcome_is_unknown_is_not_used_again() {
        let writers = writers();
        let lost = run(&writers);
        let (writer, _) = lost.write(1);
        lost.end(&Err(Error::Unavailable {
            what: "database",
            source: None,
        }));
        assert!(writers.committed(at(0)).is_empty());
        let next = Run(&writers, WriterLease::default(), lost.2);
        assert_ne!(next.write(1).0, writer);
    }

    #[test]
    fn two_transactions_never_share_a_writer_and_an_idle_one_is_dropped() {
        let writers = writers();
        let (first, random) = (run(&writers), Counting::default());
        let (writer, _) = first.write(1);
        let other = WriterLease::default();
        let _ = writers.authenticate(&WriterLease::default(), entries(1), at(0), &random);
        let (_, end) = writers.authenticate(&other, entries(1), at(0), &random);
        assert_ne!(end.writer, writer);
        first.end(&Ok(()));
        let later = at(2 * 3600);
        let (_, end) = writers.authenticate(&WriterLease::default(), entries(1), later, &random);
        assert_ne!(end.writer, writer);
        assert_eq!(end.number, 1);
    }

    #[test]
    fn the_keys_notice_every_change() {
        let writers = writers();
        let (written, end) =
            writers.authenticate(&WriterLease::default(), entries(1), at(0), &Counting::default());
        assert!(writers.keys.vouches_for_end(&end));
        let moved = [
            WriterEnd {
                number: 2,
                ..end.clone()
            },
            WriterEnd {
                at: at(1),
                ..end.clone()
            },
        ];
        assert!(moved.iter().all(|end| !writers.keys.vouches_for_end(end)));
        let other = Sealer::new(MasterKey::from_bytes([2; 32]), Vec::new());
        assert!(!EntryKeys::new(&other).vouches_for_end(&end));
        let rotated = Sealer::new(
            MasterKey::from_bytes([2; 32]),
            vec![MasterKey::from_bytes([1; 32])],
        );
        assert!(EntryKeys::new(&rotated).vouches_for_end(&end));
        assert_eq!(written[0].mac.len(), 32);
    }
}
