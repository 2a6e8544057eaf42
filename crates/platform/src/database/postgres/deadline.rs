//! Limits what a transaction may wait for, and how long.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::database::error::DatabaseError;
use crate::database::undone::Undone;

thread_local! {
    /// Whether the body that is being polled on this thread waits for the answer to a statement. A cell of the thread
    /// costs nothing; one of the transaction would have to be shared between it and its body.
    static ANSWER_TIMEOUT: Cell<bool> = const { Cell::new(false) };
}

/// Runs a body to its end, or until it awaits something other than its database: it would hold its locks and its
/// connection for as long as that takes, and on SQLite it could not run at all.
pub(super) async fn watched(mut body: BoxFuture<'_, Result<(), Undone>>) -> Result<(), Undone> {
    poll_fn(|context| {
        ANSWER_TIMEOUT.set(false);
        match body.poll_unpin(context) {
            Poll::Pending if !ANSWER_TIMEOUT.get() => Poll::Ready(Err(DatabaseError::WaitedElsewhere.into())),
            polled => polled,
        }
    })
    .await
}

/// Waits for the server's answer; `None` if there is none within the limit, which only a broken network or a hanging
/// server can cause.
pub(super) async fn answered<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut over = pin!(tokio::time::sleep(limit));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => {
            ANSWER_TIMEOUT.set(true);
            over.as_mut().poll(context).map(|()| None)
        }
    })
    .await
}
