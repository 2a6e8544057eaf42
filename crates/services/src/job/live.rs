//! Events, told to whoever listens in this process right now. Nothing is kept: for what must not be missed
//! there are [`super::subscriptions`].

use mainstay_domain::event::Event;
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many events a slow listener may lag behind before it misses some, and is told so.
const BACKLOG: usize = 1024;

/// The listeners of this process.
pub struct Live(broadcast::Sender<Arc<Event>>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Live {
    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }

    pub(crate) fn tell(&self, events: impl Iterator<Item = Arc<Event>>) {
        // An error means that nobody listens, which is no fault.
        events.for_each(|event| drop(self.0.send(event)));
    }
}
