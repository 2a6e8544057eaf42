//! Running a future that never has to wait.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls once. `None` means that the future waits for something: here nothing would wake it.
pub(super) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
