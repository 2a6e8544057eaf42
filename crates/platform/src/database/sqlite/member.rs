//! One write that is waiting for, or taking part in, a group.

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

/// A queued write of any type.
pub(super) trait GroupMember: Send {
    /// Runs the body once and stores its result. Never panics.
    fn run(&mut self, tx: &mut Tx) -> Outcome;
    /// Sends the stored result to the caller: everything that it depends on is durable.
    fn answer(self: Box<Self>);
    /// Sends the caller an error instead.
    fn refuse(self: Box<Self>, error: DatabaseError);
    /// Why it need not or must not be started any more; `None` if it may run.
    fn expired(&self, limit: Duration) -> Option<DatabaseError>;
    /// How long it may still wait.
    fn deadline(&self, limit: Duration) -> Duration;
}

/// A body, its stored result and the channel to its caller.
pub(super) struct QueuedWrite<T, E, F> {
    body: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    span: Span,
    queued: Stopwatch,
}

impl<T, E, F> QueuedWrite<T, E, F> {
    pub(super) fn new(body: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (
            Self {
                body,
                result: None,
                reply,
                span: Span::current(),
                queued: Stopwatch::start(),
            },
            answer,
        )
    }
}

impl<T, E, F> GroupMember for QueuedWrite<T, E, F>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<DatabaseError> + Retryable + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx) -> Outcome {
        let _entered = self.span.enter();
        // The transaction is undone below, so no incomplete state is used after a panic.
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
        self.result = Some(answer);
        outcome
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // A caller that was dropped gets no answer; its write is committed regardless.
            let _ = self.reply.send(result);
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

    fn deadline(&self, limit: Duration) -> Duration {
        limit.saturating_sub(self.queued.elapsed())
    }
}
