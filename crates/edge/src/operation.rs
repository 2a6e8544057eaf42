//! The extractor that gives a handler access to its use case.

use crate::answer::ApiError;
use crate::cookies;
use crate::credential;
use crate::entry::{self, CredentialUse, Entry};
use crate::input;
use crate::live_caller::LiveCaller;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use axum::extract::FromRequestParts;
use http::header::{ACCEPT_LANGUAGE, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method};
use mainstay_domain::access::Caller;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Engine, IdempotencyKey, Origin, Query, RequestContext, StagedCommand, UseCase};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// Authorized access to one use case on behalf of the caller.
///
/// A handler can only take the operation of the use case that its route declares, so the access in the route table is
/// the access that is enforced. Running the use case consumes it.
pub struct Operation<U> {
    route_state: RouteState,
    request_state: Arc<RequestState>,
    cx: RequestContext,
    repeatable: Option<Repeatable>,
    leads_to: PhantomData<fn() -> U>,
}

/// A request with an idempotency key.
struct Repeatable {
    key: Arc<str>,
    method: Method,
    path: String,
}

impl<U: UseCase> FromRequestParts<RouteState> for Operation<U> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, route_state: &RouteState) -> Result<Self, ApiError> {
        let usage = CredentialUse::of::<U>();
        let (request_state, cx, repeatable) =
            accept(parts, route_state, usage, U::NAME, entry::admit::<U>).await?;
        Ok(Self {
            route_state: route_state.clone(),
            request_state,
            cx,
            repeatable,
            leads_to: PhantomData,
        })
    }
}

/// Authenticates the caller and admits the request. Apart from the extractor, so that it is compiled once.
async fn accept(
    parts: &Parts,
    route_state: &RouteState,
    usage: CredentialUse,
    name: &'static str,
    admit: fn(&Engine, &mut RequestContext) -> Result<()>,
) -> Result<(Arc<RequestState>, RequestContext, Option<Repeatable>), ApiError> {
    let request_state = Arc::clone(RequestState::of(&parts.extensions)?);
    request_state.set_route(route_state);
    let secure = route_state.options().secure_cookies;
    let device = cookies::device(&parts.headers, secure);
    let entry = Entry {
        credential: credential::find(&parts.headers, secure),
        origin: Origin::new(Some(request_state.ip()), text(&parts.headers, &USER_AGENT))
            .preferring(text(&parts.headers, &ACCEPT_LANGUAGE).unwrap_or_default())
            .with_device(device),
        request_id: Arc::clone(request_state.request_id()),
        is_foreign: request_state.is_foreign(),
        deadline: request_state.deadline(),
        idempotency: None,
        notes: Arc::clone(request_state.notes()),
    };
    let engine = route_state.engine();
    let mut cx = entry.authenticate(engine, usage, name).await?;
    request_state.identify(&cx.caller);
    admit(engine, &mut cx)?;
    let key = match route_state.takes_key() {
        true => input::key(&parts.method, &parts.headers)?,
        false => None,
    };
    let repeatable = key.map(|key| Repeatable {
        key,
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
    });
    Ok((request_state, cx, repeatable))
}

/// The value of a header; `None` when it is absent or not text.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

impl<U> Operation<U> {
    /// The route of the handler.
    pub fn route_state(&self) -> &RouteState {
        &self.route_state
    }

    /// The caller.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
    }

    /// The request context, with the request's digest if it has an idempotency key.
    fn context(&mut self) -> &RequestContext {
        if let Some(repeatable) = self.repeatable.take() {
            // The body's digest stands for the body; a POST without a body is distinguished by its path alone.
            let body = self.request_state.fingerprint().unwrap_or_default();
            let (method, path) = (repeatable.method.as_str(), repeatable.path.as_str());
            let content: [&[u8]; 5] = [method.as_bytes(), b" ", path.as_bytes(), b"\n", &body];
            self.cx.idempotency = Some(IdempotencyKey::new(repeatable.key, &content));
        }
        &self.cx
    }
}

/// Queries that a handler runs while its answer is being sent. Each is a request of the same caller: access is checked as
/// it is by then, so that a session which ends ends the answer.
#[derive(Clone)]
pub struct LaterQueries {
    route_state: RouteState,
    cx: RequestContext,
}

impl<U> Operation<U> {
    /// The queries that follow while the answer is being sent.
    pub fn later_queries(&self) -> LaterQueries {
        LaterQueries {
            route_state: self.route_state.clone(),
            cx: RequestContext {
                deadline: None,
                idempotency: None,
                is_counted: true,
                ..self.cx.clone()
            },
        }
    }
}

impl<U> Operation<U> {
    /// The caller of an answer that stays open.
    pub fn live_caller(&self) -> LiveCaller {
        LiveCaller::new(self.route_state.engine().clone(), self.cx.clone())
    }
}

impl LaterQueries {
    /// Runs a query. Its measurements are not those of the request, whose log line may be written.
    ///
    /// # Errors
    /// As [`mainstay_engine::Pipeline::query`].
    pub async fn query<Q: Query>(&self, use_case: Q) -> Result<Q::Output> {
        let cx = RequestContext {
            // With notes of its own it waits for its turn to read, and holds it no longer than it reads.
            notes: Arc::default(),
            ..self.cx.clone()
        };
        self.route_state.engine().pipeline().query(&cx, use_case).await
    }
}

impl fmt::Debug for LaterQueries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LaterQueries({:?})", self.route_state)
    }
}

impl<U: StagedCommand> Operation<U> {
    /// Runs the command. The middleware marks a replayed response as such.
    ///
    /// # Errors
    /// As [`mainstay_engine::Pipeline::command`].
    pub async fn command(mut self, use_case: U) -> Result<U::Output> {
        let pipeline = self.route_state.engine().pipeline().clone();
        let done = pipeline.command(self.context(), use_case).await;
        if matches!(&done, Ok(done) if done.replayed) || matches!(&done, Err(Error::Replayed { .. })) {
            self.request_state.set_replayed();
        }
        done.map(|done| done.output)
    }
}

impl<U: Query> Operation<U> {
    /// Runs the query.
    ///
    /// # Errors
    /// As [`mainstay_engine::Pipeline::query`].
    pub async fn query(self, use_case: U) -> Result<U::Output> {
        self.route_state
            .engine()
            .pipeline()
            .query(&self.cx, use_case)
            .await
    }
}

impl<U> fmt::Debug for Operation<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({:?})", self.route_state)
    }
}
