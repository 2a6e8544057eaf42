//! State of a request while the server processes it.

use crate::budget::{Exhausted, Reservation};
use crate::connections::state::{ConnectionState, OpenRequest};
use crate::route_state::RouteState;
use crate::shares::Shares;
use http::Extensions;
use mainstay_domain::access::{Caller, Credential};
use mainstay_domain::error::Denied;
use mainstay_domain::id::UserId;
use mainstay_domain::{Error, Result};
use mainstay_engine::request_context::Notes;
use mainstay_platform::stopwatch::Deadline;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

/// One request in progress: the middleware creates it, [`crate::Operation`] adds to it, the middleware evaluates it.
#[derive(Debug)]
pub struct RequestState {
    request_id: Arc<str>,
    ip: IpAddr,
    foreign: bool,
    deadline: Deadline,
    notes: Arc<Notes>,
    route_state: OnceLock<RouteState>,
    who: OnceLock<LoggedCaller>,
    fingerprint: OnceLock<[u8; 32]>,
    shares: Arc<Shares>,
    connection: Option<Arc<ConnectionState>>,
    body: OnceLock<Reservation>,
    replayed: AtomicBool,
}

/// The caller as it appears in the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoggedCaller {
    pub(crate) kind: &'static str,
    pub(crate) user: Option<UserId>,
}

impl LoggedCaller {
    pub(crate) const ANONYMOUS: Self = Self {
        kind: "anonymous",
        user: None,
    };

    pub(crate) fn of(caller: &Caller) -> Self {
        let kind = match caller {
            Caller::Anonymous => return Self::ANONYMOUS,
            Caller::User(principal) => match principal.credential {
                Credential::Session(_) => "user",
                Credential::ApiKey(_) => "api-key",
            },
            Caller::System(_) => "system",
        };
        Self {
            kind,
            user: caller.user_id(),
        }
    }
}

impl RequestState {
    /// `foreign`: a page of another site may have made a browser send the request.
    pub(crate) fn begin(
        request_id: Arc<str>,
        ip: IpAddr,
        foreign: bool,
        deadline: Deadline,
        shares: Arc<Shares>,
        connection: Option<Arc<ConnectionState>>,
    ) -> Self {
        Self {
            request_id,
            ip,
            foreign,
            deadline,
            notes: Arc::default(),
            route_state: OnceLock::new(),
            who: OnceLock::new(),
            fingerprint: OnceLock::new(),
            shares,
            connection,
            body: OnceLock::new(),
            replayed: AtomicBool::new(false),
        }
    }

    /// The request id, as in `X-Request-Id`.
    pub fn request_id(&self) -> &Arc<str> {
        &self.request_id
    }

    /// The client's address, found behind trusted proxies.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// When the server stops working on the request.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Whether a page of another site may have made a browser send the request.
    pub(crate) fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Refuses a request that `Csrf` found to be possibly forged, where the route reads no credential.
    ///
    /// # Errors
    /// `CSRF_FAILED`.
    pub(crate) fn forbid_foreign(&self) -> Result<()> {
        if self.foreign {
            return Err(Error::Denied(Denied::Csrf));
        }
        Ok(())
    }

    /// What the use case records about its execution: queries, rate limit.
    pub fn notes(&self) -> &Arc<Notes> {
        &self.notes
    }

    /// Records the matched route.
    pub(crate) fn set_route(&self, route_state: &RouteState) {
        let _ = self.route_state.set(route_state.clone());
    }

    pub(crate) fn route_state(&self) -> Option<&RouteState> {
        self.route_state.get()
    }

    pub(crate) fn identify(&self, caller: &Caller) {
        let _ = self.who.set(LoggedCaller::of(caller));
    }

    pub(crate) fn who(&self) -> LoggedCaller {
        self.who.get().copied().unwrap_or(LoggedCaller::ANONYMOUS)
    }

    /// Records the digest of the request's body.
    pub(crate) fn set_fingerprint(&self, digest: [u8; 32]) {
        let _ = self.fingerprint.set(digest);
    }

    pub(crate) fn fingerprint(&self) -> Option<[u8; 32]> {
        self.fingerprint.get().copied()
    }

    /// Reserves memory for a body before it is read.
    ///
    /// # Errors
    /// When the budget of the process, or the client's share of it, is used up.
    pub(crate) fn reserve_body(&self, bytes: usize) -> std::result::Result<Reservation, Exhausted> {
        self.shares.bodies.reserve(self.ip, bytes)
    }

    /// Keeps the body's memory reserved until the request is answered: the values parsed from it are in memory too.
    pub(crate) fn keep_body(&self, reservation: Reservation) {
        let _ = self.body.set(reservation);
    }

    /// Counts the connection as in use for as long as the guard lives, because it is upgraded; `None` when the request did
    /// not arrive over one, as in tests.
    pub(crate) fn begin_upgraded(&self) -> Option<OpenRequest> {
        self.connection.as_ref().map(ConnectionState::begin_request)
    }

    /// Records that the response is a replay of an earlier one.
    pub(crate) fn set_replayed(&self) {
        self.replayed.store(true, Relaxed);
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.replayed.load(Relaxed)
    }
}

impl RequestState {
    /// The state that the middleware attached to a request.
    ///
    /// # Errors
    /// An internal error when the router runs outside of the middleware.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Arc<Self>> {
        extensions
            .get()
            .ok_or_else(|| Error::bug("a route outside of the chain"))
    }
}
