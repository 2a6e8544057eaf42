//! The log line and the figures of a request.

use super::Shared;
use crate::exchange::Exchange;
use axum::body::HttpBody;
use axum::response::Response;
use http::{Method, Uri, Version};
use mainstay_domain::error::Code;
use mainstay_domain::time::Timestamp;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::access_log::RequestLine;

/// What is kept of a request until it is answered.
pub(super) struct Arrival {
    pub(super) at: Timestamp,
    pub(super) watch: Stopwatch,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) version: Version,
}

/// Counts the request and writes its line.
pub(super) fn record(
    shared: &Shared,
    arrival: &Arrival,
    exchange: &Exchange,
    code: Option<Code>,
    response: &Response,
) {
    let took = arrival.watch.elapsed();
    let status = response.status().as_u16();
    let place = exchange.place();
    place
        .map_or(&shared.unmatched, |place| place.figures())
        .answered(status, took);
    let (who, notes) = (exchange.who(), exchange.notes());
    shared.log.record(&RequestLine {
        at: arrival.at,
        method: arrival.method.as_str(),
        route: place.map(|place| place.pattern()),
        path: arrival.uri.path(),
        status,
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        ip: exchange.ip(),
        user: who.user,
        caller: who.kind,
        request_id: exchange.request_id(),
        queries: u32::try_from(notes.statements()).unwrap_or(u32::MAX),
        database_us: notes.database_us(),
        bytes: response.body().size_hint().exact(),
        error: code.map(Code::as_str),
    });
}
