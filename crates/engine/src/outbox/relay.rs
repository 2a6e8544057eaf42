//! Which subscriber receives which events. A subscriber is a job, so it is retried and never lost.

use super::new_job;
use super::registry::JobSpec;
use crate::services::Services;
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use mainstay_repositories::{DeferredWrites, Outbox};
use std::sync::Arc;

type Subscriber = fn(&OutboxEvent) -> Result<JobSpec>;

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

    fn of<'s>(&'s self, event: &'s OutboxEvent) -> impl Iterator<Item = Result<JobSpec>> + 's {
        let subscribers = self.0.iter().filter(|(kind, _)| *kind == event.kind);
        subscribers.map(|(_, subscriber)| {
            let spec = subscriber(event)?;
            // One job for each event and subscriber, also when the event is relayed twice.
            let key = format!("{}:{}", event.id, spec.kind);
            Ok(spec.unique(key))
        })
    }
}

impl Services {
    /// Enqueues the subscribers' jobs for unsent events, in the transaction that marks the events. Returns the number
    /// of events; when it is `limit`, there may be more.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn relay_events(&self, limit: u32) -> Result<usize> {
        let services = self.clone();
        let relayed = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let services = services.clone();
                Box::pin(async move {
                    let now = services.now();
                    let events = Outbox::new(tx).waiting(limit).await?;
                    let mut tail = DeferredWrites::new();
                    let jobs = jobs_for(&services, &events, &*services.parts().random, now);
                    let enqueued = jobs.len();
                    jobs.into_iter().for_each(|job| tail.job(job));
                    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
                    Outbox::new(tx).mark_relayed(&ids, now).await?;
                    tail.flush(tx).await?;
                    Ok::<_, Error>((events, enqueued))
                })
            })
            .await?;
        let (events, enqueued) = relayed;
        if enqueued > 0 {
            self.job_wakes().notify_one();
        }
        self.live().tell(events.iter().cloned().map(Arc::new));
        Ok(events.len())
    }
}

fn jobs_for(
    services: &Services,
    events: &[OutboxEvent],
    random: &dyn Random,
    now: Timestamp,
) -> Vec<mainstay_repositories::NewJob> {
    let mut jobs = Vec::new();
    for event in events {
        for spec in services.parts().subscriptions.of(event) {
            match spec {
                Ok(spec) => jobs.push(new_job(spec, now, random, event.request_id.as_deref())),
                // One event that a subscriber cannot read must not block all others.
                Err(error) => {
                    tracing::error!(event = %event.id, kind = event.kind, %error, "a subscriber cannot read an event");
                }
            }
        }
    }
    jobs
}
