//! What a response takes of the memory that connections share, until its client has it.

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

/// Smaller responses over HTTP/1.1 are not counted: a connection has one of them at a time, and it fits into what the
/// transport writes at once. Over HTTP/2 a client may leave many behind a window that it never opens.
const SMALL: usize = 4 * 1024;
/// What a response counts for whose length is not known before it is read.
const UNKNOWN_LENGTH: usize = 64 * 1024;

/// The way of one response over its connection.
pub(super) struct Delivery(Option<OpenRequest>);

impl Delivery {
    /// Begins with the request, so that the connection is not idle while it is worked on.
    pub(super) fn begin(connection: Option<&Arc<ConnectionState>>) -> Self {
        Self(connection.map(ConnectionState::begin_request))
    }

    /// Whether the connection or the process holds so many bytes of responses that no further request is begun.
    pub(super) fn has_no_room(&self, arrival: &RequestStart, shares: &Shares) -> bool {
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

    /// Counts the bytes of a response.
    ///
    /// # Errors
    /// When there is no room for them, and the request has changed nothing, so that another response may be given.
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

    /// The body as the connection sends it.
    pub(super) fn body(self, body: Body, held: Option<HeldResponse>) -> OutgoingBody {
        OutgoingBody::new(body, self.0, held)
    }
}
