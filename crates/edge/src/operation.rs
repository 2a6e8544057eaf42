//! The extractor that gives a handler access to its use case.

use crate::answer::ApiError;
use crate::credential::{self, Credential};
use crate::input;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderMap, Method};
use mainstay_domain::access::Caller;
use mainstay_domain::error::Unauthenticated;
use mainstay_domain::{Error, Result};
use mainstay_engine::access::Authentication;
use mainstay_engine::{IdempotencyKey, Origin, PreparedCommand, Query, RequestContext, UseCase};
use mainstay_platform::crypto::sha256;
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
    asked: Option<Repeatable>,
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
        let request_state = Arc::clone(RequestState::of(&parts.extensions)?);
        request_state.set_route(route_state);
        let mut cx = RequestContext::anonymous();
        cx.origin = Origin {
            ip: Some(request_state.ip()),
            user_agent: user_agent(&parts.headers),
        };
        cx.request_id = Some(Arc::clone(request_state.request_id()));
        cx.notes = Arc::clone(request_state.notes());
        // A route that ignores credentials treats every caller as anonymous.
        let credential = match route_state.is_blind() {
            true => Credential::None,
            false => credential::find(&parts.headers),
        };
        if !matches!(credential, Credential::Explicit(_)) {
            request_state.forbid_foreign()?;
        }
        if !route_state.is_blind() {
            let standing = identify::<U>(route_state, &cx, credential).await?;
            cx.identify(standing);
            request_state.identify(&cx.caller);
        }
        // The use case checks access again; this early check reveals nothing about the body to a caller without access.
        if let Err(error) = U::ACCESS.admit(&cx.caller) {
            route_state.engine().security().note_refused(&cx, U::NAME, &error);
            return Err(error.into());
        }
        // Before the body is read: a client whose body stalls or breaks off uses up its rate like any other.
        route_state.engine().pipeline().count_request::<U>(&mut cx)?;
        let key = match route_state.takes_key() {
            true => input::key(&parts.method, &parts.headers)?,
            false => None,
        };
        let asked = key.map(|key| Repeatable {
            key,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        });
        Ok(Self {
            route_state: route_state.clone(),
            request_state,
            cx,
            asked,
            leads_to: PhantomData,
        })
    }
}

/// Authenticates the caller. A token in a header must be valid even where none is required; an invalid token from a
/// cookie is ignored there.
async fn identify<U: UseCase>(
    route_state: &RouteState,
    cx: &RequestContext,
    credential: Credential<'_>,
) -> Result<Option<Arc<Authentication>>> {
    let (token, optional) = match credential {
        Credential::None => return Ok(None),
        Credential::Explicit(token) => (Some(token), false),
        Credential::Ambient(token) => (Some(token), U::ACCESS.is_public()),
        Credential::Unreadable => (None, false),
    };
    let found = match token {
        Some(token) => route_state.engine().authenticator().authenticate(token).await,
        None => Err(Error::Unauthenticated(Unauthenticated::Invalid)),
    };
    match found {
        Err(Error::Unauthenticated(_) | Error::Denied(_)) if optional => Ok(None),
        Err(error) => {
            route_state.engine().security().note_refused(cx, U::NAME, &error);
            Err(error)
        }
        Ok(standing) => Ok(Some(standing)),
    }
}

/// The `User-Agent`, at most 256 characters.
fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.get(..256).unwrap_or(text).into())
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
        if let Some(asked) = self.asked.take() {
            // The body's digest stands for the body; a POST without a body is distinguished by its path alone.
            let body = self.request_state.fingerprint().unwrap_or_default();
            let what = [
                asked.method.as_str().as_bytes(),
                b" ",
                asked.path.as_bytes(),
                b"\n",
                &body,
            ]
            .concat();
            self.cx.idempotency = Some(IdempotencyKey {
                key: asked.key,
                fingerprint: sha256(&what),
            });
        }
        &self.cx
    }
}

impl<U: PreparedCommand> Operation<U> {
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
