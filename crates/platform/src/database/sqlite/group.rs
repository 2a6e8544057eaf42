//! Group commit: many transactions, one COMMIT.
//!
//! The members share one outer transaction. A savepoint around each would cost a tenth of the writer's time, and is
//! needed only where a member fails after it changed rows: then the transaction is undone, and its members, and some
//! hundred after them, run in savepoints.
//!
//! No member is answered before the COMMIT is durable: not those that succeeded, because they must last, and not those
//! that failed, because what they read (a name already taken, say) may have been written by another member, or by an
//! earlier group, and not be durable yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::durability::{Committed, Durability, SyncThread};
use super::error::{explain, is_busy, is_dangling};
use super::link::Link;
use super::member::{Outcome, QueuedWrite};
use super::open::{pause, within_deadline};
use crate::database::counters::Tally;
use crate::database::error::DatabaseError;
use crate::database::tx::{self, Tx};
use crate::stopwatch::Stopwatch;

/// Maximum number of runs of a body that requests a retry.
pub(in crate::database) const RUNS: u32 = 10;

/// Members that run in savepoints after one had changes to undo.
const GUARDED: usize = 256;

/// Runs groups on the only writing connection.
pub(super) struct Groups {
    pub(super) tx: Tx,
    pub(super) durability: Durability,
    pub(super) syncing: SyncThread,
    pub(super) tally: Arc<Tally>,
    pub(super) size: usize,
    pub(super) wait_limit: Duration,
    /// How many of the next members run in savepoints.
    pub(super) guarded: usize,
    /// The storage failed or was full: emptying the log may help.
    pub(super) storage_failed: bool,
    /// Members whose COMMIT failed in the storage, with the error's text: answered after the attempt to empty the
    /// log.
    pub(super) unresolved: Vec<(QueuedWrite, String)>,
}

/// Why the outer transaction ends without a COMMIT.
enum Gone {
    /// SQLite rolled it back.
    Lost(DatabaseError),
    /// A member without a savepoint has changes to undo.
    Unguarded,
    /// The same, and it requests another run.
    Again,
    /// The same, and its body panicked.
    Panicked,
}

impl Gone {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Panic => Self::Panicked,
            Outcome::Again => Self::Again,
            Outcome::Undo | Outcome::Keep => Self::Unguarded,
        }
    }
}

/// Members that run again, before any new one.
type Waiting = VecDeque<QueuedWrite>;

/// Members that ran successfully or failed on their own, waiting for the COMMIT.
#[derive(Default)]
struct Group {
    members: Vec<QueuedWrite>,
    wrote: bool,
    /// A row changed, so the COMMIT has something to write.
    changed: bool,
}

impl Groups {
    pub(super) fn link(&mut self) -> &mut Link {
        match &mut self.tx.link {
            tx::Link::Sqlite(link) => link,
            tx::Link::Postgres(_) => unreachable!("the writer of SQLite is made with a connection to SQLite"),
        }
    }

    /// Runs the first member and all that `next` returns, until all are answered.
    pub(super) fn run(&mut self, first: QueuedWrite, mut next: impl FnMut() -> Option<QueuedWrite>) {
        // Members to run once more: they ran correctly, but shared a transaction with one that did not.
        let mut again = VecDeque::from([first]);
        let mut alone = false;
        while let Some(first) = again.pop_front() {
            let mut more = |again: &mut Waiting| again.pop_front().or_else(&mut next);
            let size = if alone { 1 } else { self.size };
            alone |= self.round(first, size, &mut again, &mut more);
        }
    }

    /// Runs one outer transaction. Returns whether members now in `again` have to run alone.
    fn round(
        &mut self,
        first: QueuedWrite,
        size: usize,
        again: &mut Waiting,
        more: &mut dyn FnMut(&mut Waiting) -> Option<QueuedWrite>,
    ) -> bool {
        if let Some(reason) = first.expired(self.wait_limit) {
            first.refuse(reason);
            return false;
        }
        let deadline = first.deadline(self.wait_limit);
        if let Err(error) = within_deadline(deadline, || self.link().control("BEGIN IMMEDIATE")) {
            self.roll_back();
            first.refuse(error);
            return false;
        }
        let guarded = self.guarded > 0;
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(mut member) = next.take() {
            match self.member(&mut member, guarded) {
                Ok(wrote) => {
                    group.wrote |= wrote;
                    group.changed |= wrote && self.tx.stats().changed_rows > 0;
                    group.members.push(member);
                }
                Err(gone) => {
                    self.give_up(gone, member, group, again);
                    return false;
                }
            }
            while group.members.len() < size && next.is_none() {
                let Some(member) = more(again) else { break };
                match member.expired(self.wait_limit) {
                    Some(reason) => member.refuse(reason),
                    None => next = Some(member),
                }
            }
        }
        self.guarded = self.guarded.saturating_sub(group.members.len());
        self.conclude(group, again)
    }

    /// Undoes the outer transaction because of one member; the others run again.
    fn give_up(&mut self, gone: Gone, member: QueuedWrite, group: Group, again: &mut Waiting) {
        self.roll_back();
        match gone {
            Gone::Lost(error) => member.refuse(error),
            Gone::Panicked => {
                Tally::add(&self.tally.panics, 1);
                member.answer();
            }
            Gone::Unguarded if group.members.is_empty() => self.hand_over(
                self.durability.last(),
                Group {
                    members: vec![member],
                    ..Group::default()
                },
            ),
            Gone::Unguarded | Gone::Again => {
                Tally::add(&self.tally.retries, usize::from(matches!(gone, Gone::Again)));
                self.guarded = GUARDED;
                again.push_front(member);
            }
        }
        let members = group.members.into_iter().rev();
        members.for_each(|member| again.push_front(member));
    }

    /// Runs one member, in a savepoint if `guarded`; returns whether it changed anything. The error means that the
    /// outer transaction is gone, or has to be undone.
    fn member(&mut self, member: &mut QueuedWrite, guarded: bool) -> Result<bool, Gone> {
        for run in 1..=RUNS {
            self.tx.renew();
            self.link().take_wrote();
            let before = self.link().connection().total_changes();
            if guarded {
                self.savepoint("SAVEPOINT member")?;
            }
            let outcome = member.run(&mut self.tx);
            self.storage_failed |= matches!(
                self.tx.failure(),
                Some(DatabaseError::Full { .. } | DatabaseError::Io { .. })
            );
            if self.link().is_idle() {
                return Err(Gone::Lost(self.loss()));
            }
            let undo = outcome != Outcome::Keep && self.link().connection().total_changes() != before;
            if undo && !guarded {
                return Err(Gone::of(outcome));
            }
            if undo {
                self.savepoint("ROLLBACK TO member")?;
            }
            if guarded {
                self.savepoint("RELEASE member")?;
            }
            match outcome {
                Outcome::Keep => return Ok(self.link().take_wrote()),
                Outcome::Again if run < RUNS => Tally::add(&self.tally.retries, 1),
                Outcome::Again | Outcome::Undo => return Ok(false),
                Outcome::Panic => {
                    Tally::add(&self.tally.panics, 1);
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    fn savepoint(&mut self, sql: &'static str) -> Result<(), Gone> {
        self.link().control(sql).map_err(|error| Gone::Lost(lost(&error)))
    }

    /// Why the outer transaction is gone: the storage's error if there was one.
    fn loss(&self) -> DatabaseError {
        match self.tx.failure() {
            Some(error) if error.is_unavailable() => error.clone(),
            Some(other) => DatabaseError::LostTransaction {
                reason: other.to_string(),
            },
            None => DatabaseError::LostTransaction {
                reason: "SQLite rolled it back".to_owned(),
            },
        }
    }

    /// Commits, then answers. Returns whether members now in `again` have to run alone.
    fn conclude(&mut self, group: Group, again: &mut Waiting) -> bool {
        if !group.wrote {
            // Nothing to commit: no need to write pages that savepoints created and undid.
            self.roll_back();
            self.hand_over(self.durability.last(), group);
            return false;
        }
        let number = self.durability.begin();
        let started = Stopwatch::start();
        let committed = loop {
            match self.link().control("COMMIT") {
                // Cannot be in WAL mode once the write lock is held; if it is, the transaction is still open.
                Err(error)
                    if is_busy(&error) && !self.link().is_idle() && started.elapsed() < self.wait_limit =>
                {
                    pause();
                }
                outcome => break outcome,
            }
        };
        let Err(error) = committed else {
            self.hand_over(number, group);
            return false;
        };
        self.hand_over(number, Group::default());
        self.roll_back();
        if is_dangling(&error) && group.members.len() > 1 {
            // One left a foreign key violated until the end. Alone, each gets only its own error.
            group
                .members
                .into_iter()
                .rev()
                .for_each(|member| again.push_front(member));
            return true;
        }
        self.storage_failed = true;
        self.tally.commit_failed();
        let error = explain(&error, "COMMIT");
        let reason = error.to_string();
        tracing::error!(
            reason,
            waiting = group.members.len(),
            "a commit failed; its transactions are undone"
        );
        if matches!(error, DatabaseError::Io { .. } | DatabaseError::Full { .. }) {
            // The log may contain it completely, only not synced: recovery after a crash would apply it.
            let unresolved = group.members.into_iter().map(|member| (member, reason.clone()));
            self.unresolved.extend(unresolved);
            return false;
        }
        for member in group.members {
            member.refuse(DatabaseError::CommitFailed {
                reason: reason.clone(),
            });
        }
        false
    }

    /// Lets the sync thread answer the group once all COMMITs up to `number` are durable.
    fn hand_over(&self, number: u64, group: Group) {
        self.syncing.send(Committed {
            number,
            members: group.members,
            wrote: group.wrote,
            changed: group.changed,
        });
    }

    /// Answers members whose COMMIT failed in the storage; `emptied` says whether the log no longer contains them.
    pub(super) fn answer_unresolved(&mut self, emptied: bool) {
        for (member, reason) in self.unresolved.drain(..) {
            member.refuse(if emptied {
                DatabaseError::CommitFailed { reason }
            } else {
                DatabaseError::unavailable(format!(
                    "the storage failed during COMMIT, so whether it took effect is unknown: {reason}"
                ))
            });
        }
    }

    /// Returns the connection to a state outside of any transaction.
    pub(super) fn roll_back(&mut self) {
        if !self.link().is_idle()
            && let Err(error) = self.link().control("ROLLBACK")
        {
            tracing::error!(%error, "a rollback failed");
        }
    }
}

fn lost(error: &rusqlite::Error) -> DatabaseError {
    DatabaseError::LostTransaction {
        reason: explain(error, "SAVEPOINT").to_string(),
    }
}
