//! Counts the memory that a response uses until its client has received it.

use super::address_limit;
use super::record::RequestStart;
use crate::budget::Exhausted;
use crate::connections::state::{ConnectionState, HeldResponse, OpenRequest};
use crate::outgoing::OutgoingBody;
use crate::shares::Shares;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::Version;
use std::net::IpAddr;
use std::sync::Arc;

/// Shorter responses over HTTP/1.1 are not counted: a connection has one of them at a time, and it fits into a single
/// write of the transport. Over HTTP/2 a client may leave many pending behind a window that it never opens.
const SMALL: usize = 4 * 1024;
/// The size counted for a response whose length is not known in advance.
const UNKNOWN_LENGTH: usize = 64 * 1024;

/// The delivery of one response over its connection.
pub(super) struct Delivery(Option<OpenRequest>);

impl Delivery {
    /// Begins with the request, so that the connection is not idle while the request is processed.
    pub(super) fn begin(connection: Option<&Arc<ConnectionState>>) -> Self {
        Self(connection.map(ConnectionState::begin_request))
    }

    /// Whether the connection or the process has so many bytes of responses in memory that it accepts no further
    /// request.
    pub(super) fn is_out_of_memory(&self, arrival: &RequestStart, shares: &Shares) -> bool {
        let Some(request) = &self.0 else { return false };
        if address_limit::is_unlimited(arrival.uri.path()) {
            return false;
        }
        let is_full = request.connection().is_full() || shares.responses.is_used_up();
        if is_full {
            shares.responses.count_refusal();
        }
        is_full
    }

    /// Counts the bytes of a response against the budget.
    ///
    /// # Errors
    /// When they do not fit, and the request has changed nothing, so that an error response may replace this one.
    pub(super) fn hold(
        &self,
        response: &Response,
        arrival: &RequestStart,
        client: IpAddr,
        shares: &Shares,
    ) -> Result<Option<HeldResponse>, Exhausted> {
        let Some(request) = &self.0 else { return Ok(None) };
        let hint = response.body().size_hint();
        let length = hint.exact().map_or(UNKNOWN_LENGTH, |bytes| {
            usize::try_from(bytes).unwrap_or(usize::MAX)
        });
        let least = if arrival.version == Version::HTTP_2 {
            1
        } else {
            SMALL
        };
        if length < least {
            return Ok(None);
        }
        let must = !arrival.method.is_safe()
            || !response.status().is_success()
            || address_limit::is_unlimited(arrival.uri.path());
        let connection = request.connection();
        connection.hold(length, must, client, &shares.responses).map(Some)
    }

    /// Wraps the body for the connection.
    pub(super) fn body(self, body: Body, held: Option<HeldResponse>) -> OutgoingBody {
        OutgoingBody::new(body, self.0, held)
    }
}
