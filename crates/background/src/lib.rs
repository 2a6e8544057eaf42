//! What happens by itself: jobs are done, events relayed, audit entries linked, deadlines kept, news heard.
//!
//! Nothing here decides anything. Each loop is a chore of a few lines that comes back in through the
//! services; when the database is away it waits and tries again, and when it panics it is begun anew.

mod access;
mod chore;
mod figures;
mod outage;
mod queue;
mod relay;
mod sealer;
mod security;
mod supervisor;
mod sweeper;
mod worker;
#[cfg(test)]
mod worker_tests;

use chore::{Chore, keep};
use mainstay_services::Services;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long loops may take to end after the worker's grace is over: one turn, and the leases given back.
const LAST_TURN: Duration = Duration::from_secs(5);

/// What a process does in the background.
#[derive(Debug, Clone)]
pub struct BackgroundOptions {
    /// Whether it does jobs, relays events, sends the head of the audit chain and keeps deadlines (`ROLES`). What every process
    /// needs for itself, it does in any case.
    pub worker: bool,
    /// How many jobs are done at a time.
    pub jobs_at_once: usize,
    /// How long running jobs may go on after the stop (`SHUTDOWN_TIMEOUT`).
    pub grace: Duration,
}

impl Default for BackgroundOptions {
    fn default() -> Self {
        Self {
            worker: true,
            jobs_at_once: 8,
            grace: Duration::from_secs(20),
        }
    }
}

/// The loops, running. Dropped, they end without waiting for anybody; [`Background::stop`] waits.
pub struct Background {
    loops: JoinSet<()>,
    stop: DropGuard,
    no_new_jobs: CancellationToken,
    grace: Duration,
}

impl Background {
    /// Begins the loops of a process, on the runtime it is called in.
    ///
    /// The services must have read their keys and what is news of access before ([`Services::load_keys`],
    /// [`Services::load_access`]).
    pub fn start(services: Services, options: BackgroundOptions) -> Self {
        let stop = CancellationToken::new();
        let no_new_jobs = stop.child_token();
        let mut loops = JoinSet::new();
        let mut begin = Begin {
            services: &services,
            loops: &mut loops,
            stop: &stop,
        };
        begin.chore(access::Access::new);
        begin.chore(access::SigningKeys::new);
        begin.chore(security::Security::new);
        begin.chore(sealer::Sealer::new);
        if options.worker {
            begin.chore(relay::Relay::new);
            if services.parts().head_receiver.is_some() {
                begin.chore(sealer::HeadSender::new);
            }
            begin.chore(sweeper::Deadlines::new);
            begin.chore(sweeper::OldRecords::new);
            begin.chore(figures::Queues::new);
            begin.worker(&options, &no_new_jobs);
        }
        Self {
            loops,
            stop: stop.drop_guard(),
            no_new_jobs,
            grace: options.grace,
        }
    }

    /// Begins the end: from now on no job is claimed, and the grace of those that run has begun. Call it when the
    /// process begins to drain, so that requests and jobs finish side by side.
    pub fn drain(&self) {
        self.no_new_jobs.cancel();
    }

    /// Ends the loops: no job is claimed any more, running jobs may finish within the grace, and what is not
    /// finished then is given back to other workers. Call it when no request is being answered any more, so that
    /// the last refusals are written down too.
    pub async fn stop(self) {
        let Self {
            mut loops,
            stop,
            grace,
            ..
        } = self;
        drop(stop);
        let ended = async { while loops.join_next().await.is_some() {} };
        if tokio::time::timeout(grace + LAST_TURN, ended).await.is_err() {
            tracing::error!(
                still = loops.len(),
                "background loops did not end in time and are cut off"
            );
        }
    }
}

struct Begin<'b> {
    services: &'b Services,
    loops: &'b mut JoinSet<()>,
    stop: &'b CancellationToken,
}

impl Begin<'_> {
    fn chore<C: Chore>(&mut self, make: fn(Services) -> C) {
        let (services, stop) = (self.services.clone(), self.stop.clone());
        self.loops
            .spawn(supervisor::watch(C::NAME, self.stop.clone(), move || {
                let (services, stop) = (services.clone(), stop.clone());
                async move {
                    let random = services.parts().random.clone();
                    keep(make(services), &stop, &*random).await;
                }
            }));
    }

    fn worker(&mut self, options: &BackgroundOptions, stop: &CancellationToken) {
        let (services, stop) = (self.services.clone(), stop.clone());
        let (at_once, grace) = (options.jobs_at_once.max(1), options.grace);
        self.loops
            .spawn(supervisor::watch(worker::NAME, stop.clone(), move || {
                let (services, stop) = (services.clone(), stop.clone());
                async move {
                    let random = services.parts().random.clone();
                    let worker = worker::Worker::new(services, at_once, grace);
                    worker.work(&stop, &*random).await;
                }
            }));
    }
}
