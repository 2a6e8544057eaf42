//! Events, broadcast to the listeners of this process. Nothing is stored: for what must not be missed there are
//! [`Subscriptions`](super::Subscriptions).

use mainstay_domain::event::OutboxEvent;
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many events a slow listener may lag behind; beyond that it misses some, and receives an error that says so.
const BACKLOG: usize = 1024;

/// The event listeners of this process.
pub struct Live(broadcast::Sender<Arc<OutboxEvent>>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Live {
    /// Receives all events from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<OutboxEvent>> {
        self.0.subscribe()
    }

    pub(super) fn publish(&self, events: impl Iterator<Item = Arc<OutboxEvent>>) {
        // An error means that there are no listeners, which is fine.
        events.for_each(|event| drop(self.0.send(event)));
    }
}
