//! Metrics on a separate address (`METRICS_ADDR`), for a collector without an account. There is no other access
//! control, so only the collector may be able to reach the address.

use crate::error::StartError;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use mainstay_platform::telemetry::metrics::{self, Metrics};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves `/metrics`, and nothing else, until `stop`. Returns the bound address, which matters when the port was 0.
pub(crate) async fn serve(
    address: SocketAddr,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<SocketAddr, StartError> {
    let error = |cause| StartError::Listen {
        address: address.to_string(),
        cause,
    };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    let page = move || async move { ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics.encode()) };
    let server = axum::serve(listener, Router::new().route("/metrics", get(page)))
        .with_graceful_shutdown(stop.cancelled_owned());
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the metrics listener has stopped");
        }
    });
    tracing::info!(address = %bound, "metrics are served on a separate address");
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn metrics_and_nothing_else_are_served() {
        let stop = CancellationToken::new();
        let metrics = Arc::new(Metrics::new("1.2.3"));
        let any = "127.0.0.1:0".parse().unwrap();
        let address = serve(any, metrics, stop.clone()).await.unwrap();
        let answer = get(address, "/metrics").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("mainstay_build_info"),
            "{answer}"
        );
        assert!(get(address, "/api/users").await.starts_with("HTTP/1.1 404"));
        let occupied = serve(address, Arc::new(Metrics::new("1.2.3")), stop).await;
        assert!(matches!(occupied, Err(StartError::Listen { .. })));
    }
}
