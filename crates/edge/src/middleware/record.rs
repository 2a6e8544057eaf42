//! The access log line and the metrics of a request.

use super::Shared;
use crate::request_state::RequestState;
use axum::body::HttpBody;
use axum::response::Response;
use http::{Method, Uri, Version};
use mainstay_domain::error::Code;
use mainstay_domain::time::Timestamp;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::access_log::RequestLine;

/// What the middleware remembers of a request until it is answered.
pub(super) struct RequestStart {
    pub(super) at: Timestamp,
    pub(super) watch: Stopwatch,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
}

/// Counts the request and writes its access log line.
pub(super) fn record(
    shared: &Shared,
    arrival: &RequestStart,
    request_state: &RequestState,
    code: Option<Code>,
    response: &Response,
) {
    let took = arrival.watch.elapsed();
    let status = response.status().as_u16();
    let route_state = request_state.route_state();
    route_state
        .map_or(&shared.unmatched, |route_state| route_state.metrics())
        .answered(status, took);
    let (who, notes) = (request_state.who(), request_state.notes());
    shared.log.record(&RequestLine {
        at: arrival.at,
        method: arrival.method.as_str(),
        route: route_state.map(|route_state| route_state.pattern()),
        path: arrival.uri.path(),
        status,
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        ip: request_state.ip(),
        user: who.user,
        caller: who.kind,
        request_id: request_state.request_id(),
        queries: u32::try_from(notes.statements()).unwrap_or(u32::MAX),
        database_us: notes.database_us(),
        bytes: response.body().size_hint().exact(),
        error: code.map(Code::as_str),
    });
}
