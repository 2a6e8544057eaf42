//! A single axum route without middleware.

use crate::error::BenchError;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;

/// Serves these bytes for each request for a product, on a free port that is printed, until the process is killed.
pub(super) async fn serve(answer: Vec<u8>) -> Result<(), BenchError> {
    let answer = Bytes::from(answer);
    let route = get(move || std::future::ready(([(CONTENT_TYPE, "application/json")], answer.clone())));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it the last part of an answer may be delayed; a failure shows in the measurements.
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().route("/api/products/{id}", route);
    Ok(axum::serve(listener, router).await?)
}
