//! Which subscriber receives which events. A subscriber is a job, so it is retried and never lost.

use crate::job::JobSpec;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::event::OutboxEvent;
use mainstay_platform::database::Tx;
use std::sync::Arc;

/// Makes the job for an event.
pub(crate) type Subscriber = Arc<dyn Fn(&OutboxEvent) -> Result<JobSpec> + Send + Sync>;

/// A subscriber of events of every kind. It reads in the relay's transaction which of them it wants, so that an event that
/// it does not want costs no job.
pub trait EventSubscriber: Send + Sync {
    /// The jobs for events, each with the position of its event in the list.
    ///
    /// # Errors
    /// The database's, which ends the relay's transaction: it runs again later.
    fn jobs<'t>(
        &'t self,
        tx: &'t mut Tx,
        events: &'t [OutboxEvent],
    ) -> BoxFuture<'t, Result<Vec<(usize, JobSpec)>>>;
}

/// Which kinds of events become which jobs.
#[derive(Default, Clone)]
pub struct Subscriptions {
    of_kinds: Vec<(&'static str, Subscriber)>,
    of_all: Vec<Arc<dyn EventSubscriber>>,
}

impl Subscriptions {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Subscribes to every event of a kind.
    #[must_use]
    pub fn on(mut self, kind: &'static str, subscriber: Subscriber) -> Self {
        self.of_kinds.push((kind, subscriber));
        self
    }

    /// Subscribes to events of every kind.
    #[must_use]
    pub fn on_all(mut self, subscriber: Arc<dyn EventSubscriber>) -> Self {
        self.of_all.push(subscriber);
        self
    }

    /// The kinds of events that have a subscriber.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.of_kinds.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn of<'s>(&'s self, event: &'s OutboxEvent) -> impl Iterator<Item = Result<JobSpec>> + 's {
        let subscribers = self.of_kinds.iter().filter(|(kind, _)| *kind == event.kind);
        subscribers.map(|(_, subscriber)| {
            let spec = subscriber(event)?;
            // One job for each event and subscriber, also when the event is relayed twice.
            let key = format!("{}:{}", event.id, spec.kind);
            Ok(spec.unique(key))
        })
    }

    /// The jobs of the subscribers of every kind, each with the position of its event.
    ///
    /// # Errors
    /// As [`EventSubscriber::jobs`].
    pub(super) async fn of_all(&self, tx: &mut Tx, events: &[OutboxEvent]) -> Result<Vec<(usize, JobSpec)>> {
        let mut jobs = Vec::new();
        for subscriber in &self.of_all {
            for (at, spec) in subscriber.jobs(tx, events).await? {
                let Some(event) = events.get(at) else { continue };
                let key = format!("{}:{}", event.id, spec.kind);
                jobs.push((at, spec.unique(key)));
            }
        }
        Ok(jobs)
    }
}
