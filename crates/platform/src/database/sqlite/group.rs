//! Group commit: many transactions, one COMMIT.
//!
//! Each member runs in a savepoint of one outer transaction. No member is answered before the COMMIT: not those that
//! succeeded, because they must be durable, and not those that failed, because what they read (a name already taken,
//! say) may have been written by another member and not be committed yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::error::{explain, is_busy, is_dangling};
use super::link::Link;
use super::member::{GroupMember, Outcome};
use super::open::{pause, within_deadline};
use crate::database::counters::Tally;
use crate::database::error::DatabaseError;
use crate::database::tx::{self, Tx};
use crate::stopwatch::Stopwatch;

/// Maximum number of runs of a body that requests a retry.
pub(in crate::database) const RUNS: u32 = 10;

/// Runs groups on the only writing connection.
pub(super) struct Groups {
    pub(super) tx: Tx,
    pub(super) tally: Arc<Tally>,
    pub(super) size: usize,
    pub(super) wait_limit: Duration,
    /// The storage failed or was full: emptying the log may help.
    pub(super) storage_failed: bool,
    /// Members whose COMMIT failed in the storage, with the error's text: answered after the attempt to empty the
    /// log.
    pub(super) unresolved: Vec<(Box<dyn GroupMember>, String)>,
}

/// Members that run again, before any new one.
type Waiting = VecDeque<Box<dyn GroupMember>>;

/// Members that ran successfully or failed on their own, waiting for the COMMIT.
#[derive(Default)]
struct Group {
    members: Vec<Box<dyn GroupMember>>,
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
    pub(super) fn run(
        &mut self,
        first: Box<dyn GroupMember>,
        mut next: impl FnMut() -> Option<Box<dyn GroupMember>>,
    ) {
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
        first: Box<dyn GroupMember>,
        size: usize,
        again: &mut Waiting,
        more: &mut dyn FnMut(&mut Waiting) -> Option<Box<dyn GroupMember>>,
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
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(mut member) = next.take() {
            match self.member(&mut *member) {
                Ok(wrote) => {
                    group.wrote |= wrote;
                    group.changed |= wrote && self.tx.stats().changed_rows > 0;
                    group.members.push(member);
                }
                Err(lost) => {
                    self.roll_back();
                    member.refuse(lost);
                    group
                        .members
                        .into_iter()
                        .rev()
                        .for_each(|member| again.push_front(member));
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
        self.conclude(group, again)
    }

    /// Runs one member in its savepoint; returns whether it changed anything. The error means that the outer
    /// transaction is gone.
    fn member(&mut self, member: &mut dyn GroupMember) -> Result<bool, DatabaseError> {
        for run in 1..=RUNS {
            self.tx.renew();
            self.link().take_wrote();
            self.link()
                .control("SAVEPOINT member")
                .map_err(|error| lost(&error))?;
            let outcome = member.run(&mut self.tx);
            self.storage_failed |= matches!(
                self.tx.failure(),
                Some(DatabaseError::Full { .. } | DatabaseError::Io { .. })
            );
            if self.link().is_idle() {
                return Err(self.loss());
            }
            if outcome != Outcome::Keep {
                self.link()
                    .control("ROLLBACK TO member")
                    .map_err(|error| lost(&error))?;
            }
            self.link()
                .control("RELEASE member")
                .map_err(|error| lost(&error))?;
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
            group.members.into_iter().for_each(|member| member.answer());
            return false;
        }
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
            self.tally.committed(group.members.len(), group.changed);
            group.members.into_iter().for_each(|member| member.answer());
            return false;
        };
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
