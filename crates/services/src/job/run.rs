//! Claims due jobs and does them.

use super::registry::Kind;
use crate::context::Context;
use crate::services::Services;
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use mainstay_domain::access::SystemCaller;
use mainstay_domain::job::{self, Job, JobState, Lease};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::Isolation;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::metrics::JobOutcome;
use mainstay_repositories::Jobs;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// How long a worker holds a job without saying so again. Short, so that the jobs of a worker that was killed go on
/// soon; a worker that lives says so every [`HOLD_EVERY`]. Leases are kept by the nodes' own clocks: one that is ahead of
/// another by more than the difference of the two, 11 s, takes jobs from workers that live. Only the last holder can
/// commit then, so nothing is kept twice, but work is lost: keep the clocks of all nodes in step.
pub const LEASE: Duration = Duration::from_secs(15);
/// How often a worker says that it still holds its jobs.
pub const HOLD_EVERY: Duration = Duration::from_secs(4);

/// What came of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It is done.
    Done,
    /// It will be tried again.
    Retrying,
    /// It is laid out for a person to look at.
    Dead,
    /// Somebody else holds it now.
    Lost,
}

impl Services {
    /// Claims up to `limit` jobs that are due, those of workers that went away included.
    ///
    /// # Errors
    /// The database is away.
    pub async fn claim_jobs(&self, limit: u32) -> Result<Vec<Job>> {
        let (now, services) = (self.now(), self.clone());
        let (claimed, recovered) = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let services = services.clone();
                Box::pin(async move {
                    let mut jobs = Jobs::new(tx);
                    let recovered = jobs.recover(now).await?;
                    for dead in recovered.iter().filter(|job| job.state == JobState::Dead) {
                        if let Some(next) = services.aftermath(dead, now) {
                            jobs.enqueue(&next).await?;
                        }
                    }
                    let claimed = jobs.claim(&[], limit, now, LEASE).await?;
                    Ok::<_, Error>((claimed, recovered))
                })
            })
            .await?;
        self.told_of_recovered(&recovered);
        Ok(claimed)
    }

    /// Does the jobs, `at_once` at a time, and tells what came of each.
    pub async fn run_jobs(&self, jobs: Vec<Job>, at_once: usize) -> Vec<(Job, Ran)> {
        let each = |job: Job| async move {
            let ran = self.run_job(&job).await;
            (job, ran)
        };
        stream::iter(jobs)
            .map(each)
            .buffer_unordered(at_once.max(1))
            .collect()
            .await
    }

    /// Does one job: its command marks it done in the command's own transaction.
    pub async fn run_job(&self, job: &Job) -> Ran {
        let watch = Stopwatch::start();
        let ran = match self.try_job(job).await {
            Ok(()) => Ran::Done,
            Err((error, again)) => self.job_failed(job, &error, again).await,
        };
        let outcome = match ran {
            Ran::Done => JobOutcome::Done,
            Ran::Retrying | Ran::Lost => JobOutcome::Failed,
            Ran::Dead => JobOutcome::Dead,
        };
        self.parts()
            .metrics
            .job_ran(self.kind_of(job), outcome, watch.elapsed());
        ran
    }

    async fn try_job(&self, job: &Job) -> Result<(), (Error, bool)> {
        let Some(kind) = self.parts().jobs.find(&job.kind) else {
            return Err((Error::bug(format!("no use case does {}", job.kind)), true));
        };
        let mut cx = Context::system(SystemCaller::WORKER);
        cx.request_id = job.request_id.as_deref().map(Into::into);
        cx.lease = Some(job.lease());
        let run = AssertUnwindSafe((kind.run)(self.clone(), cx, job.payload.clone())).catch_unwind();
        let result = match tokio::time::timeout(kind.timeout, run).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(Error::bug(format!("{} panicked", job.kind))),
            Err(_late) => Err(Error::Timeout),
        };
        result.map_err(|error| judged(error, kind))
    }

    async fn job_failed(&self, job: &Job, error: &Error, again: bool) -> Ran {
        let now = self.now();
        let next = (again && !job.is_last_attempt())
            .then(|| now.after(job::backoff(job.attempts, &*self.parts().random)));
        let told = cause(error);
        let aftermath = match next {
            Some(_) => None,
            None => self.aftermath(job, now),
        };
        let (lease, text) = (job.lease(), told.clone());
        let noted = self
            .database()
            .write(Isolation::ReadCommitted, move |tx| {
                let (text, aftermath) = (text.clone(), aftermath.clone());
                Box::pin(async move {
                    let mut jobs = Jobs::new(tx);
                    let noted = jobs.fail(lease, &text, next, now).await?;
                    if let Some(aftermath) = aftermath.filter(|_| noted) {
                        jobs.enqueue(&aftermath).await?;
                    }
                    Ok::<_, Error>(noted)
                })
            })
            .await;
        let (id, kind, attempt) = (job.id, &job.kind, job.attempts);
        match (noted, next) {
            (Ok(false), _) => Ran::Lost,
            (Ok(true), Some(next)) => {
                tracing::warn!(job = %id, kind, attempt, %next, error = told, "job failed and will be tried again");
                Ran::Retrying
            }
            (Ok(true), None) => {
                tracing::error!(job = %id, kind, attempt, error = told, "job failed for good");
                self.work_waits().notify_one();
                Ran::Dead
            }
            (Err(away), _) => {
                // The lease runs out by itself, and another attempt follows.
                tracing::error!(job = %id, kind, attempt, error = told, %away, "job failed, which could not be noted");
                Ran::Lost
            }
        }
    }

    /// Holds jobs for another [`LEASE`]. Those that were lost meanwhile stay lost: their fence has moved on.
    ///
    /// # Errors
    /// The database is away; the leases run out unless a later call is in time.
    pub async fn hold_jobs(&self, leases: Vec<Lease>) -> Result<()> {
        let until = self.now().after(LEASE);
        self.database()
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

    /// Gives claimed jobs back unbegun, when the process is to stop.
    ///
    /// # Errors
    /// The database is away; the leases run out by themselves.
    pub async fn release_jobs(&self, leases: Vec<Lease>) -> Result<()> {
        self.database()
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
}

fn judged(error: Error, kind: Kind) -> (Error, bool) {
    let again = (kind.is_worth_another_try)(&error);
    (error, again)
}

/// The failure with its causes, for the person who looks at the job.
fn cause(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.chars().take(1000).collect()
}
