//! Serves one connection over HTTP/1.1 or HTTP/2 until it ends or is ordered to end.

use super::stream::TrackedStream;
use crate::connections::state::Order;
use crate::connections::{SILENCE, Slot};
use crate::middleware::Middleware;
use crate::outgoing::OutgoingBody;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::TcpStream;

/// Timeout for the head of a request, and for an idle HTTP/1.1 connection.
const HEAD: Duration = Duration::from_secs(2 * SILENCE);
/// Maximum bytes of a request head.
const HEAD_BYTES: usize = 32 * 1024;
/// Maximum number of headers of a request.
pub(super) const HEADERS: usize = 100;
/// Maximum concurrent requests on one HTTP/2 connection.
pub(super) const STREAMS: u32 = 128;
/// Bytes of one request body that an HTTP/2 client may send before the handler reads them ...
const STREAM_WINDOW: u32 = 64 * 1024;
/// ... and of all bodies on its connection: hyper buffers them before the body budget counts them.
const CONNECTION_WINDOW: u32 = 128 * 1024;

pub(super) type Protocol = Builder<TokioExecutor>;

/// The HTTP settings of every connection.
pub(super) fn protocol() -> Protocol {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(Some(HEAD))
        .keep_alive_timeout(HEAD);
    builder
}

/// Serves a connection until the client or an order of the sweep ends it.
pub(super) async fn serve(protocol: Arc<Protocol>, stream: TcpStream, slot: Slot, middleware: Middleware) {
    // Sends each write at once instead of waiting for a full packet (Nagle's algorithm).
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let state = Arc::clone(&slot.state);
    let service = ConnectionService(middleware.on_connection(Arc::clone(&state)));
    let io = TokioIo::new(TrackedStream::new(stream, slot));
    let mut connection = pin!(protocol.serve_connection_with_upgrades(io, service));
    let mut is_draining = false;
    poll_fn(|cx| {
        match state.poll_order(cx) {
            Order::Serve => {}
            Order::Drain if is_draining => {}
            Order::Drain => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
            // Dropping the connection drops its buffered responses.
            Order::Close => return Poll::Ready(()),
        }
        // A connection error concerns only its client; errors of a request are in its access log line.
        connection.as_mut().poll(cx).map(drop)
    })
    .await;
}

/// The middleware as a hyper service.
struct ConnectionService(Middleware);

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<OutgoingBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<OutgoingBody>, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        tower::Service::call(&mut self.0.clone(), request)
    }
}
