//! Running a future that has nothing to wait for.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once. `None` means that the future waits for something: nobody would wake it here.
pub(super) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
