//! The metrics of this process.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_engine::{Query, QueryContext, UseCase};

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
        Ok(cx.components().node.metrics.encode())
    }
}
