//! Who is told of which events. A subscriber is a job, so it is retried and never lost.

use super::new_job;
use super::registry::JobSpec;
use crate::services::Services;
use mainstay_domain::event::Event;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use mainstay_repositories::{Outbox, Tail};
use std::sync::Arc;

type Subscriber = fn(&Event) -> Result<JobSpec>;

/// Which kinds of events become which jobs.
#[derive(Default, Clone)]
pub struct Subscriptions(Vec<(&'static str, Subscriber)>);

impl Subscriptions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells a subscriber of every event of a kind.
    #[must_use]
    pub fn on(mut self, kind: &'static str, subscriber: Subscriber) -> Self {
        self.0.push((kind, subscriber));
        self
    }

    /// The kinds of events that somebody is told of.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }

    fn of<'s>(&'s self, event: &'s Event) -> impl Iterator<Item = Result<JobSpec>> + 's {
        let told = self.0.iter().filter(|(kind, _)| *kind == event.kind);
        told.map(|(_, subscriber)| {
            let spec = subscriber(event)?;
            // One job an event and subscriber, also when the event is relayed twice.
            let key = format!("{}:{}", event.id, spec.kind);
            Ok(spec.unique(key))
        })
    }
}

impl Services {
    /// Hands waiting events to their subscribers: the jobs are written in the transaction that marks the events.
    /// Tells how many events there were; when as many as `limit`, there may be more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn relay_events(&self, limit: u32) -> Result<usize> {
        let services = self.clone();
        let relayed = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let services = services.clone();
                Box::pin(async move {
                    let now = services.now();
                    let events = Outbox::new(tx).waiting(limit).await?;
                    let mut tail = Tail::new();
                    let jobs = tell(&services, &events, &*services.parts().random, now);
                    let told = jobs.len();
                    jobs.into_iter().for_each(|job| tail.job(job));
                    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
                    Outbox::new(tx).mark_relayed(&ids, now).await?;
                    tail.flush(tx).await?;
                    Ok::<_, Error>((events, told))
                })
            })
            .await?;
        let (events, told) = relayed;
        if told > 0 {
            self.work_waits().notify_one();
        }
        self.live().tell(events.iter().cloned().map(Arc::new));
        Ok(events.len())
    }
}

fn tell(
    services: &Services,
    events: &[Event],
    random: &dyn Random,
    now: Timestamp,
) -> Vec<mainstay_repositories::NewJob> {
    let mut jobs = Vec::new();
    for event in events {
        for spec in services.parts().subscriptions.of(event) {
            match spec {
                Ok(spec) => jobs.push(new_job(spec, now, random, event.request_id.as_deref())),
                // One event that a subscriber cannot read must not hold up all others.
                Err(error) => {
                    tracing::error!(event = %event.id, kind = event.kind, %error, "a subscriber cannot read an event");
                }
            }
        }
    }
    jobs
}
