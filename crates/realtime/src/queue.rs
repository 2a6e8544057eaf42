//! What waits to be sent over one connection.

use crate::message::Message;
use mainstay_domain::time::Timestamp;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Maximum number of messages that wait for one client.
pub(crate) const MAX_MESSAGES: usize = 1024;
/// Maximum bytes of messages that wait for one client.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// A message, and the subscription that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) subscription: u64,
    pub(crate) message: Arc<Message>,
}

/// The messages that wait for one client, bounded in number and bytes. A client that is too slow for them ends: dropping
/// some of them unnoticed would be worse, and keeping all would take the memory of the others.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wakes: Notify,
    overflowed: CancellationToken,
    /// Microseconds since the epoch, after which the caller has to be checked again.
    checked_until: AtomicI64,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Queue {
    /// Adds a message, and wakes the connection.
    pub(crate) fn push(&self, item: Item) {
        if self.overflowed.is_cancelled() {
            return;
        }
        let mut waiting = self.waiting.lock();
        waiting.bytes += item.message.frame.len();
        waiting.items.push_back(item);
        if waiting.items.len() > MAX_MESSAGES || waiting.bytes > MAX_BYTES {
            *waiting = Waiting::default();
            self.overflowed.cancel();
        }
        drop(waiting);
        self.wakes.notify_one();
    }

    /// The message that has waited longest.
    pub(crate) fn pop(&self) -> Option<Item> {
        let mut waiting = self.waiting.lock();
        let item = waiting.items.pop_front()?;
        waiting.bytes -= item.message.frame.len();
        Some(item)
    }

    /// Wakes the connection, to check its caller again.
    pub(crate) fn wake(&self) {
        self.wakes.notify_one();
    }

    /// Waits until there is something to do.
    pub(crate) async fn woken(&self) {
        self.wakes.notified().await;
    }

    /// Whether the client was too slow; it receives nothing more.
    pub(crate) fn has_overflowed(&self) -> bool {
        self.overflowed.is_cancelled()
    }

    /// Waits until the client is too slow.
    pub(crate) async fn overflow(&self) {
        self.overflowed.cancelled().await;
    }

    /// Records until when the caller stays the same if no change arrives.
    pub(crate) fn set_checked_until(&self, instant: Timestamp) {
        self.checked_until.store(instant.micros(), Ordering::Relaxed);
    }

    /// Wakes the connection if the caller has to be checked again.
    pub(crate) fn wake_if_due(&self, now: Timestamp) {
        if self.checked_until.load(Ordering::Relaxed) <= now.micros() {
            self.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::channel::Channel;

    fn item(bytes: usize) -> Item {
        let at = Timestamp::from_seconds(0);
        let payload = "x".repeat(bytes);
        Item {
            subscription: 1,
            message: Arc::new(Message::new(Channel::Products, 1, at, &payload)),
        }
    }

    #[test]
    fn messages_are_counted_and_their_bytes_too() {
        let queue = Queue::default();
        for _ in 0..MAX_MESSAGES {
            queue.push(item(1));
        }
        assert!(!queue.has_overflowed());
        queue.push(item(1));
        assert!(queue.has_overflowed() && queue.pop().is_none());

        let queue = Queue::default();
        for _ in 0..15 {
            queue.push(item(MAX_BYTES / 16));
        }
        assert!(!queue.has_overflowed() && queue.pop().is_some());
        for _ in 0..2 {
            queue.push(item(MAX_BYTES / 16));
        }
        assert!(queue.has_overflowed());
        queue.push(item(1));
        assert!(queue.pop().is_none(), "nothing more is kept");
    }
}
