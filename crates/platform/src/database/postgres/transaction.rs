//! Runs bodies in transactions, and retries them after conflicts.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::super::{RUNS, panicked};
use super::Postgres;
use super::deadline::watched;
use super::error::{chain, explain, is_lost};
use super::link::Link;
use crate::database::counters::Tally;
use crate::database::erased::{ReadBody, WriteBody};
use crate::database::error::DatabaseError;
use crate::database::tx::{self, Access, Tx};
use crate::database::undone::Undone;
use crate::database::{Isolation, ReadMode};

const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

fn begin(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
    }
}

/// The outcome of one run.
enum Run {
    Done(Result<(), Undone>),
    /// It left no changes and may be retried; this is the outcome if it is not.
    Again(Undone),
}

impl Postgres {
    /// Runs the body until it commits, fails permanently or has been run ten times. Must not be dropped half-way:
    /// the caller spawns it.
    pub(super) async fn write_to_end(
        self: Arc<Self>,
        isolation: Isolation,
        body: WriteBody,
    ) -> Result<(), Undone> {
        let mut run = 1;
        loop {
            let mut tx = self.begin(Some(begin(isolation)), Access::Write).await?;
            // Only the future is held while waiting, so the body itself need not be `Sync`.
            let answer = AssertUnwindSafe(watched(started(&body, &mut tx)))
                .catch_unwind()
                .await;
            let ended = match answer {
                Ok(answer) => self.end(tx, answer).await,
                Err(panic) => {
                    Tally::add(&self.tally.panics, 1);
                    Run::Done(Err(Undone::from(panicked(&*panic))))
                }
            };
            match ended {
                Run::Done(answer) => return answer,
                Run::Again(error) if run >= RUNS => return Err(error),
                Run::Again(_) => {}
            }
            Tally::add(&self.tally.retries, 1);
            tokio::time::sleep(pause(run, &self.jitter)).await;
            run += 1;
        }
    }

    /// Runs the body in a snapshot, and answers before it ends the transaction on the server.
    pub(super) async fn read_to_end(
        self: Arc<Self>,
        mode: ReadMode,
        body: ReadBody,
        reply: oneshot::Sender<Result<(), Undone>>,
    ) {
        let (begin, access) = match mode {
            ReadMode::Single => (None, Access::ReadOnce),
            ReadMode::InPlace | ReadMode::Thread => (Some(READ), Access::Read),
        };
        let mut tx = match self.begin(begin, access).await {
            Ok(tx) => tx,
            Err(error) => return drop(reply.send(Err(Undone::from(error)))),
        };
        let answer = AssertUnwindSafe(watched(started(body, &mut tx)))
            .catch_unwind()
            .await;
        match answer {
            Ok(answer) => {
                drop(reply.send(tx.verdict(answer)));
                if !link(&mut tx).abandoned() {
                    // If it fails, dropping the transaction closes the connection.
                    let _ = link(&mut tx).end("COMMIT").await;
                }
            }
            Err(panic) => {
                Tally::add(&self.tally.panics, 1);
                drop(reply.send(Err(Undone::from(panicked(&*panic)))));
            }
        }
    }

    async fn begin(&self, begin: Option<&'static str>, access: Access) -> Result<Tx, DatabaseError> {
        let link = Link::new(self.client().await?, begin, self.answer_limit, self.tls.clone());
        Ok(Tx::new(tx::Link::Postgres(link), access))
    }

    async fn end(&self, mut tx: Tx, answer: Result<(), Undone>) -> Run {
        let answer = tx.verdict(answer);
        // A body may have converted the database's error to another one.
        let again = tx.failure().is_some_and(DatabaseError::is_retryable);
        let read_only = matches!(tx.failure(), Some(DatabaseError::ReadOnly { .. }));
        let changed = tx.stats().changed_rows > 0;
        let link = link(&mut tx);
        if link.abandoned() {
            let reason = "the body left a statement unfinished".to_owned();
            return Run::Done(answer.and(Err(Undone::from(DatabaseError::LostTransaction { reason }))));
        }
        match answer {
            Ok(()) => match link.end("COMMIT").await {
                Some(Ok(())) => {
                    self.tally.committed(1, changed);
                    Run::Done(Ok(()))
                }
                Some(Err(error)) => {
                    self.tally.commit_failed();
                    refused(&error)
                }
                None => {
                    self.tally.commit_failed();
                    Run::Done(Err(Undone::from(DatabaseError::unavailable(
                        "the server did not answer to COMMIT in time, so whether it took effect is unknown",
                    ))))
                }
            },
            Err(error) => {
                // Before a COMMIT was sent, a lost connection means that nothing happened.
                let lost = link.is_lost();
                if read_only {
                    self.forget_idle();
                }
                if !lost {
                    let _ = link.end("ROLLBACK").await;
                }
                if lost || again || error.is_retryable() {
                    Run::Again(error)
                } else {
                    Run::Done(Err(error))
                }
            }
        }
    }
}

/// Converts the error of a failed COMMIT.
fn refused(error: &tokio_postgres::Error) -> Run {
    let reason = chain(error);
    if is_lost(error) {
        return Run::Done(Err(Undone::from(DatabaseError::unavailable(format!(
            "the connection was lost during COMMIT, so whether it took effect is unknown: {reason}"
        )))));
    }
    match explain(error, "COMMIT") {
        again if again.is_retryable() => Run::Again(Undone::from(again)),
        other => Run::Done(Err(Undone::from(DatabaseError::CommitFailed {
            reason: other.to_string(),
        }))),
    }
}

/// Calls the body. If that call itself panics, the returned future panics when polled.
fn started<'t, F>(body: F, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), Undone>>
where
    F: FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), Undone>>,
{
    match catch_unwind(AssertUnwindSafe(move || body(tx))) {
        Ok(future) => future,
        Err(panic) => Box::pin(async move { resume_unwind(panic) }),
    }
}

fn link(tx: &mut Tx) -> &mut Link {
    match &mut tx.link {
        tx::Link::Postgres(link) => link,
        tx::Link::Sqlite(_) => {
            unreachable!("a transaction of PostgreSQL is made with a connection to PostgreSQL")
        }
    }
}

/// Pause between two runs: doubling from 2 ms to 128 ms, less up to half of it, so that two conflicting transactions
/// do not collide again.
fn pause(run: u32, jitter: &AtomicU64) -> Duration {
    let full = 2_000_u64 << run.clamp(1, 7);
    // SplitMix64 over a counter: uniform enough, without ambient randomness.
    let mut z = jitter.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    Duration::from_micros(full / 2 - (z ^ (z >> 31)) % (full / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let jitter = AtomicU64::new(0);
        let all: Vec<_> = (0..100).map(|_| pause(3, &jitter)).collect();
        assert!(
            all.iter()
                .all(|p| *p > Duration::from_micros(4_000) && *p <= Duration::from_micros(8_000))
        );
        assert!(all.iter().collect::<std::collections::HashSet<_>>().len() > 90);
        assert!(pause(40, &jitter) <= Duration::from_millis(128));
    }
}
