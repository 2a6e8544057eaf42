//! Figures for Prometheus.

use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_edge::{Answer, Door, Routes, answer, route};
use mainstay_services::{Query, UseCase, View};

/// The media type of what Prometheus reads.
const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn routes() -> Routes {
    Routes::new().add(route!(ReadMetrics, read))
}

/// The figures of this process.
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

/// Reads the figures of this process.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Figures", body = String, content_type = "text/plain")))]
async fn read(door: Door<ReadMetrics>) -> Answer {
    Ok(answer::bytes(KIND, door.query(ReadMetrics).await?))
}
