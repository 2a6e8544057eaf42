//! Runs jobs: claims due ones, runs a few concurrently, and releases those it cannot finish.

use crate::backoff::Backoff;
use crate::queue::Queue;
use mainstay_domain::Result;
use mainstay_domain::job::{Job, Lease};
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_engine::job::runner::RENEW_INTERVAL;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// Name in the log.
pub(crate) const NAME: &str = "worker";
/// Interval of polling without a wake-up, for jobs that become due and for those of other processes.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// A claimed job that waited longer than this is released: another worker may be free.
const MAX_WAITING: Duration = Duration::from_mins(2);

/// Runs up to `at_once` jobs concurrently.
pub(crate) struct Worker<Q> {
    queue: Q,
    at_once: usize,
    grace: Duration,
    /// Claimed but not started; at most as many as run at once, so that other workers find some too.
    waiting: VecDeque<Job>,
    claimed_at: Timestamp,
    running: JoinSet<()>,
    leases: HashMap<Id, Lease>,
}

impl<Q: Queue> Worker<Q> {
    pub(crate) fn new(queue: Q, at_once: usize, grace: Duration) -> Self {
        Self {
            queue,
            at_once,
            grace,
            waiting: VecDeque::new(),
            claimed_at: Timestamp::default(),
            running: JoinSet::new(),
            leases: HashMap::new(),
        }
    }

    /// Works until the stop, then lets running jobs finish within the grace period and releases the rest.
    pub(crate) async fn work(mut self, stop: &CancellationToken, random: &dyn Random) {
        let queue = self.queue.clone();
        let mut backoff = Backoff::new(NAME);
        let mut poll = pin!(tokio::time::sleep(POLL_INTERVAL));
        let mut heartbeat = pin!(tokio::time::sleep(RENEW_INTERVAL));
        let mut more_expected = true;
        while !stop.is_cancelled() {
            self.start_waiting().await;
            if more_expected && self.waiting.is_empty() && self.running.len() < self.at_once {
                let claimed = self.claim().await;
                let wait = match &claimed {
                    Ok(_) => {
                        backoff.over();
                        POLL_INTERVAL
                    }
                    Err(error) => backoff.failed(error, random),
                };
                more_expected = claimed.unwrap_or(false);
                poll.set(tokio::time::sleep(wait));
                if !self.waiting.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = self.running.join_next_with_id() => {
                    self.leases.remove(&ended.map_or_else(|panic| panic.id(), |(id, ())| id));
                }
                () = queue.wakes().notified() => more_expected = true,
                () = &mut heartbeat => {
                    self.hold().await;
                    heartbeat.set(tokio::time::sleep(RENEW_INTERVAL));
                }
                () = &mut poll => {
                    more_expected = true;
                    poll.set(tokio::time::sleep(POLL_INTERVAL));
                }
            }
        }
        self.finish().await;
    }

    /// Claims as many jobs as fit; returns whether there may be more.
    async fn claim(&mut self) -> Result<bool> {
        let limit = self.at_once * 2 - self.running.len();
        let jobs = self.queue.claim(u32::try_from(limit).unwrap_or(u32::MAX)).await?;
        let more = jobs.len() >= limit;
        self.claimed_at = self.queue.now();
        self.waiting.extend(jobs);
        Ok(more)
    }

    async fn start_waiting(&mut self) {
        if self.queue.now().since(self.claimed_at) > MAX_WAITING {
            self.release_waiting().await;
        }
        while self.running.len() < self.at_once
            && let Some(job) = self.waiting.pop_front()
        {
            let (queue, lease) = (self.queue.clone(), job.lease());
            let task = self.running.spawn(async move { queue.run(job).await });
            self.leases.insert(task.id(), lease);
        }
    }

    async fn finish(mut self) {
        self.release_waiting().await;
        let mut late = pin!(tokio::time::sleep(self.grace));
        let mut heartbeat = pin!(tokio::time::sleep(RENEW_INTERVAL));
        loop {
            tokio::select! {
                ended = self.running.join_next_with_id() => match ended {
                    Some(ended) => drop(self.leases.remove(&ended.map_or_else(|panic| panic.id(), |(id, ())| id))),
                    None => return,
                },
                () = &mut heartbeat => {
                    self.hold().await;
                    heartbeat.set(tokio::time::sleep(RENEW_INTERVAL));
                }
                () = &mut late => break,
            }
        }
        tracing::warn!(
            jobs = self.leases.len(),
            "jobs did not finish in time, and their leases are released"
        );
        // No job may still run here when another worker gets it.
        self.running.shutdown().await;
        let leases = self.leases.drain().map(|(_, lease)| lease).collect();
        self.release(leases).await;
    }

    /// Extends the leases of this worker's jobs, so that no other worker gets them.
    async fn hold(&self) {
        let leases: Vec<Lease> = self
            .leases
            .values()
            .copied()
            .chain(self.waiting.iter().map(Job::lease))
            .collect();
        let jobs = leases.len();
        if jobs > 0
            && let Err(error) = self.queue.hold(leases).await
        {
            tracing::warn!(%error, jobs, "the leases of running jobs could not be extended");
        }
    }

    async fn release_waiting(&mut self) {
        let leases = self.waiting.drain(..).map(|job| job.lease()).collect();
        self.release(leases).await;
    }

    async fn release(&self, leases: Vec<Lease>) {
        if leases.is_empty() {
            return;
        }
        let jobs = leases.len();
        if let Err(error) = self.queue.release(leases).await {
            tracing::warn!(%error, jobs, "jobs could not be given back; others get them when their leases run out");
        }
    }
}
