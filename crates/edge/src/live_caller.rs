//! The caller of a connection that stays open after its request was answered.

use crate::entry::{Credential, CredentialUse, Entry};
use crate::request_state::LoggedCaller;
use mainstay_domain::access::{Access, Caller};
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_engine::request_context::Notes;
use mainstay_engine::{Engine, Origin, Query, RequestContext};
use mainstay_platform::stopwatch::{Deadline, Stopwatch};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a query of an open connection may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// The caller of a connection that stays open: a WebSocket, or a stream of events. Each query is a request of its own,
/// whose access is checked as it is by then, so that a session which ends ends the connection.
#[derive(Clone)]
pub struct LiveCaller {
    engine: Engine,
    cx: RequestContext,
}

impl LiveCaller {
    pub(crate) fn new(engine: Engine, cx: RequestContext) -> Self {
        let cx = RequestContext {
            deadline: None,
            idempotency: None,
            is_counted: false,
            notes: Arc::default(),
            ..cx
        };
        Self { engine, cx }
    }

    /// The caller, as of the last check.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
    }

    /// The kind of caller in the access log.
    pub fn kind(&self) -> &'static str {
        LoggedCaller::of(&self.cx.caller).kind
    }

    /// The current instant, by the clock of the node.
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// The request that opened the connection.
    pub fn request_id(&self) -> &str {
        self.cx.request_id.as_deref().unwrap_or_default()
    }

    /// The client's address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.cx.origin.ip
    }

    /// Whether nothing has changed since the last check that could make this another caller. Costs no I/O.
    pub fn is_current(&self) -> bool {
        let authenticator = self.engine.authenticator();
        let authentication = self.cx.authentication.as_ref();
        authentication.is_some_and(|authentication| authenticator.is_current(authentication))
    }

    /// Until when the caller stays the same if no change arrives.
    pub fn good_until(&self) -> Timestamp {
        let authentication = self.cx.authentication.as_ref();
        authentication.map_or(self.now(), |authentication| authentication.good_until())
    }

    /// Checks that the caller may do what an access permits, from where the connection comes.
    ///
    /// # Errors
    /// 401 or 403.
    pub fn admit(&self, access: Access) -> Result<()> {
        self.cx.admit(access)
    }

    /// Resolves the credential again, after [`is_current`](Self::is_current) said that something changed.
    ///
    /// # Errors
    /// 401 or 403 when the credential is no longer accepted; `UNAVAILABLE` when that cannot be found out.
    pub async fn renew(&mut self, access: Access) -> Result<()> {
        let Some(authentication) = self.cx.authentication.clone() else {
            return access.admit(&self.cx.caller);
        };
        let authenticator = self.engine.authenticator();
        let renewed = authenticator.authenticate(authentication.token(), self.cx.origin.ip);
        self.cx.identify(Some(renewed.await?));
        self.cx.admit(access)
    }

    /// Authenticates by a token that the client sent over the open connection.
    ///
    /// # Errors
    /// 401 or 403 when the token is not valid, or does not permit the access.
    pub async fn authenticate(&mut self, token: &str, access: Access, operation: &'static str) -> Result<()> {
        let entry = Entry {
            credential: Credential::Explicit(token),
            origin: self.cx.origin.clone(),
            request_id: self.cx.request_id.clone().unwrap_or_else(|| "".into()),
            is_foreign: false,
            deadline: Deadline::new(Stopwatch::start(), QUERY_TIMEOUT),
            idempotency: None,
            notes: Arc::default(),
        };
        let entered = entry.authenticate(&self.engine, CredentialUse::Required, operation);
        let cx = entered.await?;
        if let Err(error) = cx.admit(access) {
            self.engine.security().note_refused(&cx, operation, &error);
            return Err(error);
        }
        *self = Self::new(self.engine.clone(), cx);
        Ok(())
    }

    /// Runs a query, which is counted against its rate limit.
    ///
    /// # Errors
    /// As [`mainstay_engine::Pipeline::query`].
    pub async fn query<Q: Query>(&self, use_case: Q) -> Result<Q::Output> {
        let cx = RequestContext {
            notes: Arc::new(Notes::default()),
            deadline: Some(Deadline::new(Stopwatch::start(), QUERY_TIMEOUT)),
            ..self.cx.clone()
        };
        self.engine.pipeline().query(&cx, use_case).await
    }

    /// A caller who has yet to authenticate, from where a request comes.
    pub(crate) fn anonymous(engine: Engine, origin: Origin, request_id: Arc<str>) -> Self {
        let cx = RequestContext {
            origin,
            request_id: Some(request_id),
            ..RequestContext::anonymous()
        };
        Self { engine, cx }
    }

    /// Whether an error says that the caller, and not the server, is at fault: the credential is no longer accepted.
    pub fn is_refusal(error: &Error) -> bool {
        matches!(error, Error::Unauthenticated(_) | Error::Denied(_))
    }
}

impl fmt::Debug for LiveCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LiveCaller({})", self.request_id())
    }
}
