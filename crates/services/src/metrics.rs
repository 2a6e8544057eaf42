//! The metrics of this process.

use crate::context::{QueryContext, Repositories};
use crate::request_context::RequestContext;
use crate::services::Services;
use crate::use_case::{Query, UseCase};
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
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<String> {
        Ok(cx.services().parts().metrics.encode())
    }
}

impl Services {
    /// Counts the jobs by queue and state, for the metrics.
    ///
    /// # Errors
    /// The database is unavailable; the metrics stay as they were.
    pub async fn measure_queues(&self) -> Result<()> {
        let cx = RequestContext::system(SystemCaller::WORKER);
        let counts = self
            .read(&cx, ReadMode::Thread, |cx| {
                Box::pin(async move {
                    let scope = cx.scope();
                    cx.jobs().counts(&scope).await
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
