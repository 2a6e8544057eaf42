//! Delivers committed events to their subscribers.

use super::live::Live;
use super::subscriptions::Subscriptions;
use crate::job::new_job;
use crate::node::Node;
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::uuid_v7;
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, Tx};
use mainstay_repositories::{DeferredWrites, NewJob, Outbox, OutboxPositions};
use std::sync::Arc;
use tokio::sync::Notify;

/// Turns committed events into the jobs of their subscribers, and publishes them in this process.
pub struct Relay {
    node: Node,
    subscriptions: Arc<Subscriptions>,
    live: Arc<Live>,
}

impl Relay {
    /// A relay to the given subscribers and listeners.
    pub fn new(node: Node, subscriptions: Subscriptions, live: Arc<Live>) -> Self {
        Self {
            node,
            subscriptions: Arc::new(subscriptions),
            live,
        }
    }

    /// Notified when events were committed on this node.
    pub fn wakes(&self) -> &Notify {
        &self.node.wakes.events
    }

    /// Enqueues the subscribers' jobs for unsent events, in the transaction that marks the events. Returns the number
    /// of events; when it is `limit`, there may be more.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn relay(&self, limit: u32) -> Result<usize> {
        let (node, subscriptions) = (self.node.clone(), Arc::clone(&self.subscriptions));
        let relayed = self
            .node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let (node, subscriptions) = (node.clone(), Arc::clone(&subscriptions));
                Box::pin(async move {
                    let now = node.now();
                    if !Outbox::new(tx).is_waiting().await? {
                        return Ok((Vec::new(), 0));
                    }
                    // One relay at a time: the order of the positions is that of the commits.
                    let last = lock_positions(tx, &*node.random, now).await?;
                    let events = Outbox::new(tx).waiting(limit).await?;
                    let mut deferred = DeferredWrites::new();
                    let mut jobs = jobs_for(&subscriptions, &events, &*node.random, now);
                    for (at, spec) in subscriptions.of_all(tx, &events).await? {
                        let request = events.get(at).and_then(|event| event.request_id.as_deref());
                        jobs.push(new_job(spec, now, &*node.random, request));
                    }
                    let enqueued = jobs.len();
                    jobs.into_iter().for_each(|job| deferred.job(job));
                    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
                    Outbox::new(tx).mark_relayed(&ids, last, now).await?;
                    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
                    OutboxPositions::new(tx)
                        .advance(last.saturating_add(count))
                        .await?;
                    deferred.flush(tx).await?;
                    Ok::<_, Error>((events, enqueued))
                })
            })
            .await?;
        let (events, enqueued) = relayed;
        if enqueued > 0 {
            self.node.wakes.jobs.notify_one();
        }
        if !events.is_empty() {
            self.node.wakes.relayed.notify_one();
        }
        self.live.publish(events.iter().cloned().map(Arc::new));
        Ok(events.len())
    }
}

/// Locks the positions, and returns the one after which this relay numbers its events. It is never below the time in
/// microseconds, so that a database that was restored to an earlier state does not give out a position twice.
async fn lock_positions(tx: &mut Tx, random: &dyn Random, now: Timestamp) -> Result<i64> {
    let positions = OutboxPositions::new(tx).lock(uuid_v7(now, random)).await?;
    Ok(positions.last.max(now.micros()))
}

fn jobs_for(
    subscriptions: &Subscriptions,
    events: &[OutboxEvent],
    random: &dyn Random,
    now: Timestamp,
) -> Vec<NewJob> {
    let mut jobs = Vec::new();
    for event in events {
        for spec in subscriptions.of(event) {
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
