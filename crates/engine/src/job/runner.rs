//! Claims due jobs and executes them.

use super::dead;
use super::registry::{JobKind, JobRegistry};
use crate::node::Node;
use crate::pipeline::Pipeline;
use crate::request_context::RequestContext;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use mainstay_domain::access::{self, Caller, SystemCaller};
use mainstay_domain::job::{self, Job, JobState, Lease};
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Isolation, ReadMode};
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::metrics::JobOutcome;
use mainstay_repositories::{Jobs, NewJob};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a worker holds a job without renewing its lease. Short, so that the jobs of a worker that was killed
/// resume soon; a worker that is alive renews its leases every [`RENEW_INTERVAL`]. Leases are measured by the nodes'
/// own clocks: a node whose clock is ahead of another's by more than the difference of the two, 11 s, takes jobs from
/// live workers. Only the last holder can commit then, so nothing is committed twice, but work is lost: keep all
/// clocks synchronised.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often a worker renews the leases of its jobs.
pub const RENEW_INTERVAL: Duration = Duration::from_secs(4);

/// The result of executing a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobResult {
    /// Done.
    Done,
    /// Failed; another attempt will follow.
    Retrying,
    /// Failed for good; an administrator may retry it.
    Dead,
    /// Another worker holds its lease now.
    Lost,
}

/// Claims and executes jobs. Cheap to clone.
#[derive(Clone)]
pub struct JobRunner {
    node: Node,
    pipeline: Pipeline,
    registry: Arc<JobRegistry>,
}

impl JobRunner {
    /// A runner of the jobs that the registry knows.
    pub fn new(node: Node, pipeline: Pipeline, registry: JobRegistry) -> Self {
        Self {
            node,
            pipeline,
            registry: Arc::new(registry),
        }
    }

    /// The current instant, by the node's clock.
    pub fn now(&self) -> Timestamp {
        self.node.now()
    }

    /// Notified when jobs were committed on this node.
    pub fn wakes(&self) -> &Notify {
        &self.node.wakes.jobs
    }

    /// Claims up to `limit` due jobs, including those of workers that died.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn claim(&self, limit: u32) -> Result<Vec<Job>> {
        let (now, runner) = (self.node.now(), self.clone());
        let (claimed, recovered) = self
            .node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let runner = runner.clone();
                Box::pin(async move {
                    let mut jobs = Jobs::new(tx);
                    let recovered = jobs.recover(now).await?;
                    for dead in recovered.iter().filter(|job| job.state == JobState::Dead) {
                        if let Some(next) = runner.follow_up(dead, now) {
                            jobs.enqueue(&next).await?;
                        }
                    }
                    let claimed = jobs.claim(&[], limit, now, LEASE).await?;
                    Ok::<_, Error>((claimed, recovered))
                })
            })
            .await?;
        dead::log_recovered(&self.node, &self.registry, &recovered);
        Ok(claimed)
    }

    /// Executes the jobs, `at_once` at a time, and returns the result of each.
    pub async fn run_all(&self, jobs: Vec<Job>, at_once: usize) -> Vec<(Job, JobResult)> {
        let each = |job: Job| async move {
            let ran = self.run(&job).await;
            (job, ran)
        };
        stream::iter(jobs)
            .map(each)
            .buffer_unordered(at_once.max(1))
            .collect()
            .await
    }

    /// Executes one job: its command marks it done in the command's own transaction.
    pub async fn run(&self, job: &Job) -> JobResult {
        let watch = Stopwatch::start();
        let ran = match self.attempt(job).await {
            Ok(()) => JobResult::Done,
            Err((error, again)) => self.failed(job, &error, again).await,
        };
        let outcome = match ran {
            JobResult::Done => JobOutcome::Done,
            JobResult::Retrying | JobResult::Lost => JobOutcome::Failed,
            JobResult::Dead => JobOutcome::Dead,
        };
        self.node
            .metrics
            .job_ran(self.registry.name_of(job), outcome, watch.elapsed());
        ran
    }

    async fn attempt(&self, job: &Job) -> Result<(), (Error, bool)> {
        let Some(kind) = self.registry.find(&job.kind) else {
            return Err((Error::bug(format!("no use case does {}", job.kind)), true));
        };
        let mut cx = RequestContext::system(SystemCaller::WORKER);
        cx.request_id = job.request_id.as_deref().map(Into::into);
        cx.lease = Some(job.lease());
        let run = AssertUnwindSafe((kind.run)(self.pipeline.clone(), cx, job.payload.clone())).catch_unwind();
        let result = match tokio::time::timeout(kind.timeout, run).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Error::bug(format!("{} panicked", job.kind))),
            Err(_late) => Err(Error::Timeout),
        };
        result.map_err(|error| with_retry(error, kind))
    }

    async fn failed(&self, job: &Job, error: &Error, again: bool) -> JobResult {
        let now = self.node.now();
        let next = (again && !job.is_last_attempt())
            .then(|| now.after(job::backoff(job.attempts, &*self.node.random)));
        let message = cause(error);
        let follow_up = match next {
            Some(_) => None,
            None => self.follow_up(job, now),
        };
        let (lease, text) = (job.lease(), message.clone());
        let recorded = self
            .node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let (text, follow_up) = (text.clone(), follow_up.clone());
                Box::pin(async move {
                    let mut jobs = Jobs::new(tx);
                    let recorded = jobs.fail(lease, &text, next, now).await?;
                    if let Some(follow_up) = follow_up.filter(|_| recorded) {
                        jobs.enqueue(&follow_up).await?;
                    }
                    Ok::<_, Error>(recorded)
                })
            })
            .await;
        let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
        match (recorded, next) {
            (Ok(false), _) => JobResult::Lost,
            (Ok(true), Some(next)) => {
                tracing::warn!(job = %id, kind, attempt, %next, error = message, "job failed and will be tried again");
                JobResult::Retrying
            }
            (Ok(true), None) => {
                tracing::error!(job = %id, kind, attempt, error = message, "job is dead");
                self.wakes().notify_one();
                JobResult::Dead
            }
            (Err(away), _) => {
                // The lease expires by itself, and another attempt follows.
                tracing::error!(job = %id, kind, attempt, error = message, %away, "job failed, and its failure could not be stored");
                JobResult::Lost
            }
        }
    }

    fn follow_up(&self, job: &Job, now: Timestamp) -> Option<NewJob> {
        dead::follow_up(&self.node, &self.registry, job, now)
    }

    /// Renews the leases of jobs for another [`LEASE`]. A lost lease stays lost: the job's fencing token has been
    /// raised.
    ///
    /// # Errors
    /// The database is unavailable; the leases expire unless a later call is in time.
    pub async fn extend(&self, leases: Vec<Lease>) -> Result<()> {
        let until = self.node.now().after(LEASE);
        self.node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let leases = leases.clone();
                Box::pin(async move {
                    for lease in leases {
                        Jobs::new(tx).extend(lease, until).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// Releases claimed jobs that were not started, when the process stops.
    ///
    /// # Errors
    /// The database is unavailable; the leases expire by themselves.
    pub async fn release(&self, leases: Vec<Lease>) -> Result<()> {
        self.node
            .database
            .write(Isolation::ReadCommitted, move |tx| {
                let leases = leases.clone();
                Box::pin(async move {
                    for lease in leases {
                        Jobs::new(tx).release(lease).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// Counts the jobs by queue and state, for the metrics.
    ///
    /// # Errors
    /// The database is unavailable; the metrics stay as they were.
    pub async fn measure_queues(&self) -> Result<()> {
        let read = self.node.read(ReadMode::Thread, |tx| {
            Box::pin(async move {
                let scope = access::scope(&Caller::System(SystemCaller::WORKER));
                Jobs::new(tx).counts(&scope).await
            })
        });
        let counts = read.await?;
        let depths = counts
            .iter()
            .map(|(queue, state, jobs)| (queue.as_str(), state.as_str(), *jobs));
        self.node.metrics.queue_depths(depths);
        Ok(())
    }
}

fn with_retry(error: Error, kind: JobKind) -> (Error, bool) {
    let again = (kind.is_retryable)(&error);
    (error, again)
}

/// The error with its causes, for the administrator who inspects the job; at most 1000 characters.
fn cause(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(1000).collect()
}
