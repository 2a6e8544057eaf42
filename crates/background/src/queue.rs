//! Where a worker's jobs come from: the services, or in its tests a script.

use mainstay_domain::Result;
use mainstay_domain::job::{Job, Lease};
use mainstay_domain::time::Timestamp;
use mainstay_services::Services;
use std::future::Future;
use tokio::sync::Notify;

/// What a worker needs to know of jobs. It is a trait so that a worker's timing can be tested by a clock that stands
/// still; what claiming, doing and giving back mean is tested where the services are.
pub(crate) trait Queue: Clone + Send + Sync + 'static {
    /// Takes up to `limit` jobs that are due.
    fn claim(&self, limit: u32) -> impl Future<Output = Result<Vec<Job>>> + Send;
    /// Does one, and notes what came of it.
    fn run(&self, job: Job) -> impl Future<Output = ()> + Send;
    /// Says that jobs are still held.
    fn hold(&self, leases: Vec<Lease>) -> impl Future<Output = Result<()>> + Send;
    /// Gives jobs back as if they had not been begun.
    fn release(&self, leases: Vec<Lease>) -> impl Future<Output = Result<()>> + Send;
    /// Wakes when there may be new ones.
    fn wakes(&self) -> &Notify;
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl Queue for Services {
    async fn claim(&self, limit: u32) -> Result<Vec<Job>> {
        self.claim_jobs(limit).await
    }

    async fn run(&self, job: Job) {
        self.run_job(&job).await;
    }

    async fn hold(&self, leases: Vec<Lease>) -> Result<()> {
        self.hold_jobs(leases).await
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<()> {
        self.release_jobs(leases).await
    }

    fn wakes(&self) -> &Notify {
        self.work_waits()
    }

    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}
