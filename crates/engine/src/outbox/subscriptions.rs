//! Which subscriber receives which events. A subscriber is a job, so it is retried and never lost.

use crate::job::JobSpec;
use mainstay_domain::Result;
use mainstay_domain::event::OutboxEvent;
use std::sync::Arc;

/// Makes the job for an event.
pub(crate) type Subscriber = Arc<dyn Fn(&OutboxEvent) -> Result<JobSpec> + Send + Sync>;

/// Which kinds of events become which jobs.
#[derive(Default, Clone)]
pub struct Subscriptions(Vec<(&'static str, Subscriber)>);

impl Subscriptions {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Subscribes to every event of a kind.
    #[must_use]
    pub fn on(mut self, kind: &'static str, subscriber: Subscriber) -> Self {
        self.0.push((kind, subscriber));
        self
    }

    /// The kinds of events that have a subscriber.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn of<'s>(&'s self, event: &'s OutboxEvent) -> impl Iterator<Item = Result<JobSpec>> + 's {
        let subscribers = self.0.iter().filter(|(kind, _)| *kind == event.kind);
        subscribers.map(|(_, subscriber)| {
            let spec = subscriber(event)?;
            // One job for each event and subscriber, also when the event is relayed twice.
            let key = format!("{}:{}", event.id, spec.kind);
            Ok(spec.unique(key))
        })
    }
}
