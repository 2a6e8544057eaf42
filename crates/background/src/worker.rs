//! Does jobs: claims what is due, does a few at a time, and gives back what it cannot finish.

use crate::outage::Outage;
use crate::queue::Queue;
use mainstay_domain::Result;
use mainstay_domain::job::{Job, Lease};
use mainstay_domain::random::Random;
use mainstay_domain::time::Timestamp;
use mainstay_services::job::run::HOLD_EVERY;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// Its name in the log.
pub(crate) const NAME: &str = "worker";
/// How often it looks without being woken: for jobs whose time has come, and for those of other processes.
const LOOK: Duration = Duration::from_secs(1);
/// A job that waited here for longer than this is given back: another worker may be free.
const STALE: Duration = Duration::from_mins(2);

/// Does jobs, so many at once.
pub(crate) struct Worker<Q> {
    queue: Q,
    at_once: usize,
    grace: Duration,
    /// Claimed together and not begun; at most as many as run at once, so that other workers find something too.
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

    /// Works until the stop, then lets running jobs finish within the grace and gives the rest back.
    pub(crate) async fn work(mut self, stop: &CancellationToken, random: &dyn Random) {
        let queue = self.queue.clone();
        let mut outage = Outage::new(NAME);
        let mut look = pin!(tokio::time::sleep(LOOK));
        let mut beat = pin!(tokio::time::sleep(HOLD_EVERY));
        let mut may_find = true;
        while !stop.is_cancelled() {
            self.begin_waiting().await;
            if may_find && self.waiting.is_empty() && self.running.len() < self.at_once {
                let claimed = self.claim().await;
                let wait = match &claimed {
                    Ok(_) => {
                        outage.over();
                        LOOK
                    }
                    Err(error) => outage.failed(error, random),
                };
                may_find = claimed.unwrap_or(false);
                look.set(tokio::time::sleep(wait));
                if !self.waiting.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(ended) = self.running.join_next_with_id() => {
                    self.leases.remove(&ended.map_or_else(|panic| panic.id(), |(id, ())| id));
                }
                () = queue.wakes().notified() => may_find = true,
                () = &mut beat => {
                    self.hold().await;
                    beat.set(tokio::time::sleep(HOLD_EVERY));
                }
                () = &mut look => {
                    may_find = true;
                    look.set(tokio::time::sleep(LOOK));
                }
            }
        }
        self.finish().await;
    }

    /// Claims what there is room for; tells whether there may be more.
    async fn claim(&mut self) -> Result<bool> {
        let limit = self.at_once * 2 - self.running.len();
        let jobs = self.queue.claim(u32::try_from(limit).unwrap_or(u32::MAX)).await?;
        let more = jobs.len() >= limit;
        self.claimed_at = self.queue.now();
        self.waiting.extend(jobs);
        Ok(more)
    }

    async fn begin_waiting(&mut self) {
        if self.queue.now().since(self.claimed_at) > STALE {
            self.give_waiting_back().await;
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
        self.give_waiting_back().await;
        let mut late = pin!(tokio::time::sleep(self.grace));
        let mut beat = pin!(tokio::time::sleep(HOLD_EVERY));
        loop {
            tokio::select! {
                ended = self.running.join_next_with_id() => match ended {
                    Some(ended) => drop(self.leases.remove(&ended.map_or_else(|panic| panic.id(), |(id, ())| id))),
                    None => return,
                },
                () = &mut beat => {
                    self.hold().await;
                    beat.set(tokio::time::sleep(HOLD_EVERY));
                }
                () = &mut late => break,
            }
        }
        tracing::warn!(
            jobs = self.leases.len(),
            "jobs did not finish in time and are given back"
        );
        // None of them runs any more when another worker gets it.
        self.running.shutdown().await;
        let leases = self.leases.drain().map(|(_, lease)| lease).collect();
        self.give_back(leases).await;
    }

    /// Says that this worker lives, so that nobody else is given its jobs.
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
            tracing::warn!(%error, jobs, "jobs could not be held for longer");
        }
    }

    async fn give_waiting_back(&mut self) {
        let leases = self.waiting.drain(..).map(|job| job.lease()).collect();
        self.give_back(leases).await;
    }

    async fn give_back(&self, leases: Vec<Lease>) {
        if leases.is_empty() {
            return;
        }
        let jobs = leases.len();
        if let Err(error) = self.queue.release(leases).await {
            tracing::warn!(%error, jobs, "jobs could not be given back; others get them when their leases run out");
        }
    }
}
