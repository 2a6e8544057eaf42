//! One write waiting for, or taking part in, a group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tracing::Span;

use super::super::panicked;
use super::once::poll_once;
use crate::database::error::{DatabaseError, Retryable};
use crate::database::tx::Tx;
use crate::stopwatch::Stopwatch;

/// What is to become of a member's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They stay.
    Keep,
    /// They go.
    Undo,
    /// They go, and the body asks to run again.
    Again,
    /// They go; the body panicked.
    Panic,
}

/// A write whose types the writer need not know.
pub(super) trait Member: Send {
    /// Runs the body once and keeps its answer for later. Never panics.
    fn run(&mut self, tx: &mut Tx) -> Outcome;
    /// Gives the kept answer to the caller: everything it rests on is durable.
    fn answer(self: Box<Self>);
    /// Gives the caller an error instead.
    fn refuse(self: Box<Self>, error: DatabaseError);
    /// Why it need not or must not be started any more.
    fn expired(&self, limit: Duration) -> Option<DatabaseError>;
    /// How long it may still wait.
    fn patience(&self, limit: Duration) -> Duration;
}

/// A body, its kept answer and the way back to its caller.
pub(super) struct Errand<T, E, F> {
    body: F,
    kept: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    span: Span,
    queued: Stopwatch,
}

impl<T, E, F> Errand<T, E, F> {
    pub(super) fn new(body: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (
            Self {
                body,
                kept: None,
                reply,
                span: Span::current(),
                queued: Stopwatch::start(),
            },
            answer,
        )
    }
}

impl<T, E, F> Member for Errand<T, E, F>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<DatabaseError> + Retryable + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx) -> Outcome {
        let _entered = self.span.enter();
        // The transaction is undone below, so nothing half-done is ever looked at after a panic.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let answer =
                poll_once((self.body)(tx)).unwrap_or_else(|| Err(E::from(DatabaseError::WaitedElsewhere)));
            let answer = tx.verdict(answer);
            let again = answer
                .as_ref()
                .is_err_and(|e| e.database().is_some_and(DatabaseError::is_retryable));
            (answer, again)
        }));
        let (answer, outcome) = match ran {
            Err(panic) => (Err(E::from(panicked(&*panic))), Outcome::Panic),
            Ok((answer @ Ok(_), _)) => (answer, Outcome::Keep),
            Ok((answer, true)) => (answer, Outcome::Again),
            Ok((answer, false)) => (answer, Outcome::Undo),
        };
        self.kept = Some(answer);
        outcome
    }

    fn answer(self: Box<Self>) {
        if let Some(kept) = self.kept {
            // A caller that has gone away is told nothing; what it asked for is done all the same.
            let _ = self.reply.send(kept);
        }
    }

    fn refuse(self: Box<Self>, error: DatabaseError) {
        let _ = self.reply.send(Err(E::from(error)));
    }

    fn expired(&self, limit: Duration) -> Option<DatabaseError> {
        if self.reply.is_closed() {
            return Some(DatabaseError::unavailable("the caller has gone away"));
        }
        (self.queued.elapsed() > limit)
            .then(|| DatabaseError::unavailable("the write waited too long for its turn"))
    }

    fn patience(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.queued.elapsed())
    }
}
