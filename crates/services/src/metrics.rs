//! The metrics of this process.

use crate::context::Context;
use crate::services::Services;
use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, SystemCaller};
use mainstay_platform::database::ReadMode;

/// Reads the metrics of this process, in the text format of Prometheus.
#[derive(Debug, Clone)]
pub struct ReadMetrics;

impl UseCase for ReadMetrics {
    const NAME: &'static str = "metrics.read";
    const ACCESS: Access = Access::permission(Permission::READ_METRICS);
    type Output = String;
}

impl Query for ReadMetrics {
    async fn run(self, view: &mut View<'_>) -> Result<String> {
        Ok(view.services().parts().metrics.encode())
    }
}

impl Services {
    /// Counts the jobs by queue and state, for the metrics.
    ///
    /// # Errors
    /// The database is away; the metrics stay as they were.
    pub async fn measure_queues(&self) -> Result<()> {
        let cx = Context::system(SystemCaller::WORKER);
        let counts = self
            .look(&cx, ReadMode::Thread, |view| {
                Box::pin(async move {
                    let scope = view.scope();
                    view.jobs().counts(&scope).await
                })
            })
            .await?;
        let depths = counts
            .iter()
            .map(|(queue, state, jobs)| (queue.as_str(), state.as_str(), *jobs));
        self.parts().metrics.queue_depths(depths);
        Ok(())
    }
}
