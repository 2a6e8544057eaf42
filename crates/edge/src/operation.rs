//! The door: the only way from a handler to a use case.

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
use mainstay_platform::crypto::sha256;
use mainstay_services::access::authenticator::Authentication;
use mainstay_services::{Command, IdempotencyKey, Origin, Query, RequestContext, UseCase};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The door to one use case, with the caller who stands before it.
///
/// A handler is given a door to the use case that its route was declared with, and to no other; so what the table of
/// routes says about access is what happens. It opens once.
pub struct Operation<U> {
    route_state: RouteState,
    request_state: Arc<RequestState>,
    cx: RequestContext,
    asked: Option<Repeatable>,
    leads_to: PhantomData<fn() -> U>,
}

/// A request whose repetitions are one.
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
        // A credential that is not looked at here says nothing about who sent the request.
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
        // The use case asks again; here it is asked so that a stranger learns nothing of what a body should be.
        if let Err(error) = U::ACCESS.admit(&cx.caller) {
            route_state.services().note_refused(&cx, U::NAME, &error);
            return Err(error.into());
        }
        // Before the body is read: a client whose bodies stall or break off has used up its rate like any other.
        route_state.services().count_request::<U>(&mut cx)?;
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

/// Who is asking. A token that the caller chose to send must be good, also where none is needed; one that the browser
/// sent along counts for nothing there when it is not.
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
        Some(token) => route_state.services().authenticate(token).await,
        None => Err(Error::Unauthenticated(Unauthenticated::Invalid)),
    };
    match found {
        Err(Error::Unauthenticated(_) | Error::Denied(_)) if optional => Ok(None),
        Err(error) => {
            route_state.services().note_refused(cx, U::NAME, &error);
            Err(error)
        }
        Ok(standing) => Ok(Some(standing)),
    }
}

/// How the client names itself, at most 256 characters.
fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.get(..256).unwrap_or(text).into())
}

impl<U> Operation<U> {
    /// The place where the handler is mounted.
    pub fn route_state(&self) -> &RouteState {
        &self.route_state
    }

    /// Who is asking.
    pub fn caller(&self) -> &Caller {
        &self.cx.caller
    }

    /// The circumstances, with the digest of the request when its repetitions are one.
    fn context(&mut self) -> &RequestContext {
        if let Some(asked) = self.asked.take() {
            // The body's digest stands for the body; a POST without one is told apart by its path alone.
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

impl<U: Command> Operation<U> {
    /// Runs the command. An answer that was given before is marked so by the chain.
    ///
    /// # Errors
    /// As [`mainstay_services::Services::command`].
    pub async fn command(mut self, use_case: U) -> Result<U::Output> {
        let services = self.route_state.services().clone();
        let done = services.command(self.context(), use_case).await;
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
    /// As [`mainstay_services::Services::query`].
    pub async fn query(self, use_case: U) -> Result<U::Output> {
        self.route_state.services().query(&self.cx, use_case).await
    }
}

impl<U> fmt::Debug for Operation<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door({:?})", self.route_state)
    }
}
