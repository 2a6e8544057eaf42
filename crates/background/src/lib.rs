//! Background tasks of a process: running jobs, relaying events, sealing audit entries, enforcing deadlines, reading
//! access changes.
//!
//! The crate contains no business logic. Each loop is a periodic task of a few lines that calls the services; when the
//! database is unavailable it backs off and retries, and when it panics it is restarted.

mod access;
mod backoff;
mod periodic_task;
mod queue;
mod queue_metrics;
mod relay;
mod sealer;
mod security;
mod supervisor;
mod sweeper;
mod worker;
#[cfg(test)]
mod worker_tests;

use mainstay_services::Services;
use periodic_task::{PeriodicTask, run};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long the loops may take to end after the grace period of the worker: one run of each task, and the release of
/// the leases.
const LAST_RUN: Duration = Duration::from_secs(5);

/// Which background tasks a process runs, and with which limits.
#[derive(Debug, Clone)]
pub struct BackgroundOptions {
    /// Whether the process runs jobs, relays events, sends the head of the audit chain and enforces deadlines
    /// (`ROLES`). The tasks that every process needs (access changes, signing keys, security events, sealing the audit
    /// chain) run in any case.
    pub worker: bool,
    /// Number of jobs that run concurrently.
    pub jobs_at_once: usize,
    /// How long running jobs may continue after the stop (`SHUTDOWN_TIMEOUT`).
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

/// The running loops. Dropping it stops them without waiting; [`Background::stop`] waits.
pub struct Background {
    loops: JoinSet<()>,
    stop: DropGuard,
    no_new_jobs: CancellationToken,
    grace: Duration,
}

impl Background {
    /// Starts the loops of a process on the current runtime.
    ///
    /// The services must have loaded their keys and the access state before ([`Services::load_keys`],
    /// [`Services::load_access`]).
    pub fn start(services: Services, options: BackgroundOptions) -> Self {
        let stop = CancellationToken::new();
        let no_new_jobs = stop.child_token();
        let mut loops = JoinSet::new();
        let mut starter = Starter {
            services: &services,
            loops: &mut loops,
            stop: &stop,
        };
        starter.task(access::Access::new);
        starter.task(access::SigningKeys::new);
        starter.task(access::ClockSkew::new);
        starter.task(security::Security::new);
        starter.task(sealer::Sealer::new);
        if options.worker {
            starter.task(relay::Relay::new);
            if services.parts().head_receiver.is_some() {
                starter.task(sealer::HeadSender::new);
            }
            starter.task(sweeper::Deadlines::new);
            starter.task(sweeper::OldRecords::new);
            starter.task(queue_metrics::Queues::new);
            starter.worker(&options, &no_new_jobs);
        }
        Self {
            loops,
            stop: stop.drop_guard(),
            no_new_jobs,
            grace: options.grace,
        }
    }

    /// Starts draining: from now on no job is claimed, and the grace period of the running jobs begins. Call it when
    /// the process starts to drain, so that requests and jobs finish side by side.
    pub fn drain(&self) {
        self.no_new_jobs.cancel();
    }

    /// Stops the loops: no job is claimed any more, running jobs may finish within the grace period, and unfinished
    /// ones are released to other workers. Call it after the last request has been answered, so that its security
    /// events are written too.
    pub async fn stop(self) {
        let Self {
            mut loops,
            stop,
            grace,
            ..
        } = self;
        drop(stop);
        let ended = async { while loops.join_next().await.is_some() {} };
        if tokio::time::timeout(grace + LAST_RUN, ended).await.is_err() {
            tracing::error!(
                still = loops.len(),
                "background tasks did not end in time and are aborted"
            );
        }
    }
}

struct Starter<'b> {
    services: &'b Services,
    loops: &'b mut JoinSet<()>,
    stop: &'b CancellationToken,
}

impl Starter<'_> {
    fn task<C: PeriodicTask>(&mut self, make: fn(Services) -> C) {
        let (services, stop) = (self.services.clone(), self.stop.clone());
        self.loops
            .spawn(supervisor::watch(C::NAME, self.stop.clone(), move || {
                let (services, stop) = (services.clone(), stop.clone());
                async move {
                    let random = services.parts().random.clone();
                    run(make(services), &stop, &*random).await;
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
