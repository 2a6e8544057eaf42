//! Metrics for Prometheus.

use mainstay_edge::{Answer, Operation, Routes, answer, route};
use mainstay_services::metrics::ReadMetrics;

/// The media type of the text format of Prometheus.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn routes() -> Routes {
    Routes::new().add(route!(ReadMetrics, read))
}

/// Reads the metrics of this process.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
async fn read(operation: Operation<ReadMetrics>) -> Answer {
    Ok(answer::bytes(MEDIA_TYPE, operation.query(ReadMetrics).await?))
}
