//! One write that is waiting for, or taking part in, a group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Span;

use super::super::panicked;
use super::once::poll_once;
use crate::database::erased::WriteBody;
use crate::database::error::DatabaseError;
use crate::database::tx::Tx;
use crate::database::undone::Undone;
use crate::stopwatch::Stopwatch;

/// What happens to a member's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They are committed.
    Keep,
    /// They are undone.
    Undo,
    /// They are undone, and the body requests another run.
    Again,
    /// They are undone; the body panicked.
    Panic,
}

/// A body, its stored outcome and the channel to its caller.
pub(super) struct QueuedWrite {
    body: WriteBody,
    outcome: Option<Result<(), Undone>>,
    reply: oneshot::Sender<Result<(), Undone>>,
    span: Span,
    queued: Stopwatch,
}

impl QueuedWrite {
    pub(super) fn new(body: WriteBody) -> (Self, oneshot::Receiver<Result<(), Undone>>) {
        let (reply, answer) = oneshot::channel();
        (
            Self {
                body,
                outcome: None,
                reply,
                span: Span::current(),
                queued: Stopwatch::start(),
            },
            answer,
        )
    }

    /// Runs the body once and stores its outcome. Never panics.
    pub(super) fn run(&mut self, tx: &mut Tx) -> Outcome {
        let _entered = self.span.enter();
        // The transaction is undone below, so no incomplete state is used after a panic.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let ran =
                poll_once((self.body)(tx)).unwrap_or_else(|| Err(DatabaseError::WaitedElsewhere.into()));
            tx.verdict(ran)
        }));
        let (ran, outcome) = match ran {
            Err(panic) => (Err(panicked(&*panic).into()), Outcome::Panic),
            Ok(Ok(())) => (Ok(()), Outcome::Keep),
            Ok(Err(undone)) if undone.is_retryable() => (Err(undone), Outcome::Again),
            Ok(Err(undone)) => (Err(undone), Outcome::Undo),
        };
        self.outcome = Some(ran);
        outcome
    }

    /// Sends the stored outcome to the caller: everything that it depends on is durable.
    pub(super) fn answer(self) {
        if let Some(outcome) = self.outcome {
            // A caller that was dropped gets no answer; its write is committed regardless.
            let _ = self.reply.send(outcome);
        }
    }

    /// Sends the caller an error instead.
    pub(super) fn refuse(self, error: DatabaseError) {
        let _ = self.reply.send(Err(error.into()));
    }

    /// Why it need not or must not be started any more; `None` if it may run.
    pub(super) fn expired(&self, limit: Duration) -> Option<DatabaseError> {
        if self.reply.is_closed() {
            return Some(DatabaseError::unavailable("the caller has gone away"));
        }
        (self.queued.elapsed() > limit)
            .then(|| DatabaseError::unavailable("the write waited too long for its turn"))
    }

    /// How long it may still wait.
    pub(super) fn deadline(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.queued.elapsed())
    }
}
