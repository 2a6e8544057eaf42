//! Bodies of transactions without the types of their answers.
//!
//! What runs a transaction is compiled once, and not for each of some hundred use cases: the answer stays in a [`Slot`]
//! that the caller holds.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::error::{DatabaseError, Retryable};
use super::tx::Tx;
use super::undone::Undone;

/// The body of a transaction that changes something. It may run more than once; the slot holds the answer of the last
/// run.
pub(super) type WriteBody =
    Box<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<(), Undone>> + Send + 'static>;

/// The body of a snapshot.
pub(super) type ReadBody =
    Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), Undone>> + Send + 'static>;

/// Where a body leaves its answer.
pub(super) struct Slot<T, E>(Arc<Mutex<Option<Result<T, E>>>>);

impl<T, E> Slot<T, E> {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn put(&self, answer: Result<T, E>, retryable: bool) -> Result<(), Undone> {
        let undone = answer.is_err().then_some(Undone::Body { retryable });
        *self.0.lock() = Some(answer);
        undone.map_or(Ok(()), Err)
    }

    /// The answer to the caller, by the transaction's outcome.
    pub(super) fn settle(self, outcome: Result<(), Undone>) -> Result<T, E>
    where
        E: From<DatabaseError>,
    {
        match outcome {
            Err(Undone::Database(error)) => Err(E::from(error)),
            Ok(()) | Err(Undone::Body { .. }) => {
                let answer = self.0.lock().take();
                answer.expect("the body that had this outcome left its answer")
            }
        }
    }
}

/// Takes the types from the body of a write.
pub(super) fn write<T, E, F>(body: F) -> (Slot<T, E>, WriteBody)
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Retryable + Send + 'static,
{
    let slot = Slot::new();
    let held = slot.share();
    let body: WriteBody = Box::new(move |tx| {
        let (ran, held) = (body(tx), held.share());
        Box::pin(async move {
            let answer = ran.await;
            let failure = answer.as_ref().err().and_then(Retryable::database);
            let retryable = failure.is_some_and(DatabaseError::is_retryable);
            held.put(answer, retryable)
        })
    });
    (slot, body)
}

/// Takes the types from the body of a read.
pub(super) fn read<T, E, F>(body: F) -> (Slot<T, E>, ReadBody)
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let slot = Slot::new();
    let held = slot.share();
    let body: ReadBody = Box::new(move |tx| {
        let ran = body(tx);
        Box::pin(async move { held.put(ran.await, false) })
    });
    (slot, body)
}
