//! The source of a worker's jobs: the engine, or a script in its tests.

use mainstay_domain::Result;
use mainstay_domain::job::{Job, Lease};
use mainstay_domain::time::Timestamp;
use mainstay_engine::job::JobRunner;
use std::future::Future;
use tokio::sync::Notify;

/// The job operations that a worker needs. A trait, so that the worker's timing can be tested on a paused clock; the
/// effects of claiming, running and releasing are tested end to end.
pub(crate) trait Queue: Clone + Send + Sync + 'static {
    /// Claims up to `limit` jobs that are due.
    fn claim(&self, limit: u32) -> impl Future<Output = Result<Vec<Job>>> + Send;
    /// Runs a job and records its result.
    fn run(&self, job: Job) -> impl Future<Output = ()> + Send;
    /// Extends the leases of jobs.
    fn hold(&self, leases: Vec<Lease>) -> impl Future<Output = Result<()>> + Send;
    /// Releases jobs as if they had never been started.
    fn release(&self, leases: Vec<Lease>) -> impl Future<Output = Result<()>> + Send;
    /// Notified when there may be new jobs.
    fn wakes(&self) -> &Notify;
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl Queue for JobRunner {
    async fn claim(&self, limit: u32) -> Result<Vec<Job>> {
        Self::claim(self, limit).await
    }

    async fn run(&self, job: Job) {
        Self::run(self, &job).await;
    }

    async fn hold(&self, leases: Vec<Lease>) -> Result<()> {
        self.extend(leases).await
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<()> {
        Self::release(self, leases).await
    }

    fn wakes(&self) -> &Notify {
        Self::wakes(self)
    }

    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}
