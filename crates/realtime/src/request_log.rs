//! One line in the access log for each request over a connection, as for each request of other interfaces.

use mainstay_domain::Error;
use mainstay_domain::error::Code;
use mainstay_edge::answer::status_of;
use mainstay_edge::{LiveCaller, PublicError, public_error};
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::access_log::{AccessLog, RequestLine};
use std::net::{IpAddr, Ipv4Addr};

/// Writes the lines.
pub(crate) struct RequestLog(AccessLog);

impl RequestLog {
    pub(crate) fn new(log: AccessLog) -> Self {
        Self(log)
    }

    /// Records a request of a kind of frame, such as `subscribe`, about a channel.
    pub(crate) fn record(
        &self,
        frame: &'static str,
        channel: &str,
        caller: &LiveCaller,
        watch: &Stopwatch,
        error: Option<&Error>,
    ) {
        let code: Option<Code> = error.map(|error| PublicError::from(error).code);
        if let Some(error) = error {
            public_error::log(error, caller.request_id(), Some(frame));
        }
        let user = caller.caller().user_id();
        self.0.record(&RequestLine {
            at: caller.now(),
            method: "ws",
            route: Some(frame),
            path: channel,
            status: code.map_or(200, |code| status_of(code).as_u16()),
            duration_us: u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX),
            ip: caller.ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            user,
            caller: caller.kind(),
            request_id: caller.request_id(),
            queries: 0,
            database_us: 0,
            bytes: None,
            error: code.map(Code::as_str),
        });
    }
}
