//! Background tasks of a process: running jobs, relaying events, sealing audit entries, reading access changes, and
//! the periodic tasks that the application adds.
//!
//! The crate contains no business logic. Each loop is a periodic task of a few lines that calls the engine; when the
//! database is unavailable it backs off and retries, and when it panics it is restarted.

mod access;
mod api_keys;
mod backoff;
mod last_seen;
mod periodic_command;
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

use mainstay_engine::Engine;
use mainstay_engine::key::RotateDueKeys;
pub use periodic_command::PeriodicCommand;
pub use periodic_task::{PeriodicTask, PeriodicTasks, Progress};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long the loops may take to end after the grace period of the worker: one run of each task, and the release of
/// the leases.
const LAST_RUN: Duration = Duration::from_secs(5);

/// Which background tasks a process runs, and with which limits.
#[derive(Debug, Clone)]
pub struct BackgroundOptions {
    /// Whether the process runs jobs, relays events, sends the head of the audit chain and the tasks that
    /// the application adds (`ROLES`). The tasks that every process needs (access changes, signing keys, security events, last use of sessions, sealing the audit
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
    /// Starts the loops of a process on the current runtime. A process with the role `worker` runs `tasks` as well.
    ///
    /// The engine must have loaded its keys and the access state before
    /// ([`load_or_create`](mainstay_engine::key::load_or_create),
    /// [`AccessReader::load`](mainstay_engine::access::AccessReader::load)).
    pub fn start(engine: &Engine, options: &BackgroundOptions, tasks: PeriodicTasks) -> Self {
        let stop = CancellationToken::new();
        let no_new_jobs = stop.child_token();
        let mut starter = Starter {
            engine,
            loops: JoinSet::new(),
            stop: &stop,
        };
        starter.tasks(tasks_of_every_process());
        if options.worker {
            starter.tasks(tasks_of_a_worker(engine));
            starter.tasks(tasks);
            starter.worker(options, &no_new_jobs);
        }
        let loops = starter.loops;
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

fn tasks_of_every_process() -> PeriodicTasks {
    PeriodicTasks::new()
        .with(access::Access::new)
        .with(access::SigningKeys::new)
        .with(access::ClockSkew::new)
        .with(security::Security::new)
        .with(api_keys::ApiKeyUses::new)
        .with(last_seen::LastSeen::new)
        .with(sealer::Sealer::new)
}

fn tasks_of_a_worker(engine: &Engine) -> PeriodicTasks {
    let tasks = PeriodicTasks::new()
        .with(relay::Relay::new)
        .with(sweeper::OldRecords::new)
        .with_command::<RotateDueKeys>()
        .with(queue_metrics::Queues::new);
    match engine.head_publisher().is_configured() {
        true => tasks.with(sealer::HeadSender::new),
        false => tasks,
    }
}

struct Starter<'b> {
    engine: &'b Engine,
    loops: JoinSet<()>,
    stop: &'b CancellationToken,
}

impl Starter<'_> {
    fn tasks(&mut self, tasks: PeriodicTasks) {
        for (name, start) in tasks.into_loops() {
            let (engine, stop) = (self.engine.clone(), self.stop.clone());
            let again = move || start(engine.clone(), stop.clone());
            self.loops
                .spawn(supervisor::watch(name, self.stop.clone(), again));
        }
    }

    fn worker(&mut self, options: &BackgroundOptions, stop: &CancellationToken) {
        let (engine, stop) = (self.engine.clone(), stop.clone());
        let (at_once, grace) = (options.jobs_at_once.max(1), options.grace);
        self.loops
            .spawn(supervisor::watch(worker::NAME, stop.clone(), move || {
                let (engine, stop) = (engine.clone(), stop.clone());
                async move {
                    let random = engine.node().random.clone();
                    let worker = worker::Worker::new(engine.jobs().clone(), at_once, grace);
                    worker.work(&stop, &*random).await;
                }
            }));
    }
}
