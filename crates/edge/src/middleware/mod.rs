//! The middleware around every request.
//!
//! It is a single layer, because each layer of its own costs a boxed future and another lookup of the same headers (see
//! `docs/performance.md`). In this order: request id and client address, rate limit of the address, host, preflight,
//! CSRF, memory for the response, time limit and panic guard around the router; after the router: render the error,
//! count the response's bytes, add headers, compress long texts, write the access log.

pub(crate) mod address_limit;
mod client_ip;
mod compress;
mod cors;
mod csrf;
mod delivery;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod headers;
mod host;
mod record;
mod request_id;
#[cfg(test)]
pub(crate) mod tests;

pub use request_id::X_REQUEST_ID;

use crate::answer::{ApiError, render};
use crate::budget::Exhausted;
use crate::connections::state::ConnectionState;
use crate::credential;
use crate::entry;
use crate::options::EdgeOptions;
use crate::outgoing::OutgoingBody;
use crate::request_state::RequestState;
use crate::route_state::RouteState;
use crate::shares::Shares;
use address_limit::AddressLimit;
use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use bytes::Bytes;
use client_ip::ClientAddress;
use cors::Cors;
use csrf::Csrf;
use delivery::Delivery;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::UPGRADE;
use http::{HeaderValue, Method, Request, StatusCode};
use mainstay_domain::Error;
use mainstay_domain::error::Denied;
use mainstay_domain::random::Random;
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::time::Clock;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_platform::telemetry::access_log::AccessLog;
use mainstay_platform::telemetry::metrics::{Metrics, Route as RouteMetrics};
use record::RequestStart;
use request_id::RequestIds;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::Service;

/// What the middleware is built from.
pub struct MiddlewareParts {
    /// Supplies the time at which a request arrived.
    pub clock: Arc<dyn Clock>,
    /// Seeds the request ids.
    pub random: Arc<dyn Random>,
    /// Counts requests.
    pub metrics: Arc<Metrics>,
    /// Writes a line for each request.
    pub log: AccessLog,
    /// Options of the deployment.
    pub options: EdgeOptions,
}

/// The router inside the middleware, for one client address. Cheap to clone.
#[derive(Clone)]
pub struct Middleware {
    shared: Arc<Shared>,
    router: Router,
    peer: IpAddr,
    /// The connection of the requests; `None` when they do not arrive over one, as in tests.
    connection: Option<Arc<ConnectionState>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    ids: RequestIds,
    metrics: Arc<Metrics>,
    unmatched: RouteMetrics,
    log: AccessLog,
    cors: Cors,
    csrf: Csrf,
    client: ClientAddress,
    timeout: Duration,
    shares: Arc<Shares>,
    /// `None` when rate limits are off.
    limit: Option<AddressLimit>,
}

impl Middleware {
    /// Wraps the routes of all interfaces in the middleware.
    pub fn new(parts: MiddlewareParts, router: Router) -> Self {
        let router = router.fallback(nowhere).method_not_allowed_fallback(otherwise);
        let options = parts.options;
        let shares = Arc::new(Shares::new(&options));
        shares.watch(&parts.metrics);
        let shared = Shared {
            clock: parts.clock,
            ids: RequestIds::new(&*parts.random),
            unmatched: parts.metrics.route("any", "unmatched"),
            metrics: parts.metrics,
            log: parts.log,
            cors: Cors::new(&options.allowed_origins),
            csrf: Csrf::new(&options.public_url),
            client: ClientAddress::new(options.trusted_proxies),
            timeout: options.request_timeout,
            shares,
            limit: options.limits.then(AddressLimit::new),
        };
        Self {
            shared: Arc::new(shared),
            router,
            peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            connection: None,
        }
    }

    /// The middleware for requests from the given address.
    #[must_use]
    pub fn of_peer(&self, peer: IpAddr) -> Self {
        Self { peer, ..self.clone() }
    }

    /// The middleware for the requests of one connection.
    pub(crate) fn on_connection(self, connection: Arc<ConnectionState>) -> Self {
        Self {
            connection: Some(connection),
            ..self
        }
    }

    /// Memory budgets and connection limits that all clients share.
    pub(crate) fn shares(&self) -> &Arc<Shares> {
        &self.shared.shares
    }
}

async fn nowhere() -> ApiError {
    ApiError::from(Error::NotFound)
}

async fn otherwise() -> ApiError {
    ApiError::MethodNotAllowed
}

impl<B> Service<Request<B>> for Middleware
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<OutgoingBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<http::Response<OutgoingBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (watch, shared) = (Stopwatch::start(), Arc::clone(&self.shared));
        let mut request = request.map(Body::new);
        let headers = request.headers();
        let at = shared.clock.now();
        let ip = shared.client.of(self.peer, headers);
        let arrival = RequestStart {
            at,
            watch,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
        };
        let (origin, encoding) = (shared.cors.allowed(headers), compress::accepted(headers));
        let form = render::Form::accepted(headers);
        let preflight = Cors::is_preflight(&arrival.method, headers);
        let addressed = host::of(request.version(), headers, &arrival.uri);
        let host = addressed.as_deref().unwrap_or_default();
        // A socket may carry requests of any kind, so its handshake counts as unsafe; the route decides, because the token
        // may be in the first frame.
        let upgrades = arrival.method == Method::GET && headers.contains_key(UPGRADE);
        let method = if upgrades { &Method::POST } else { &arrival.method };
        let foreign = (shared.csrf).is_foreign(method, headers, host, origin.is_some());
        // With a token in a header the route decides, because it may not read the token.
        let forged = foreign && !upgrades && !matches!(credential::explicit(headers), Some(Some(_)));
        let misaddressed = addressed.err();
        let (id, shares) = (shared.ids.name(headers, at), Arc::clone(&shared.shares));
        let deadline = entry::deadline(watch, None, shared.timeout);
        let request_state = Arc::new(RequestState::begin(
            id,
            ip,
            foreign,
            deadline,
            shares,
            self.connection.clone(),
        ));
        let limit = shared.limit.as_ref();
        let wait = limit.and_then(|limit| limit.refuses(ip, arrival.uri.path(), at));
        request.extensions_mut().insert(Arc::clone(&request_state));
        // A HEAD request gets the same headers as GET (RFC 9110, 9.3.2); its body is dropped at the end.
        if arrival.method == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let delivery = Delivery::begin(self.connection.as_ref());
        let answer = match (wait, misaddressed, preflight, forged) {
            (Some(wait), ..) => Err(shared.limited(wait)),
            (_, Some(error), ..) => Err(ApiError::from(error).into_response()),
            (_, _, true, _) => Err(StatusCode::NO_CONTENT.into_response()),
            (.., true) => Err(ApiError::from(Error::Denied(Denied::Csrf)).into_response()),
            // Checked before processing: once a request has changed something, its response must be sent in any case.
            _ if delivery.is_out_of_memory(&arrival, &shared.shares) => Err(ApiError::Busy.into_response()),
            _ => Ok(self.router.call(request)),
        };
        Box::pin(async move {
            let in_flight = shared.metrics.in_flight();
            let mut response = match answer {
                Ok(call) => shared.guarded(call).await,
                Err(early) => early,
            };
            let mut code = render::render(&mut response, form, &request_state);
            let held = delivery.hold(&response, &arrival, ip, &shared.shares);
            let held = held.or_else(|Exhausted| {
                response = ApiError::Busy.into_response();
                code = render::render(&mut response, form, &request_state);
                delivery.hold(&response, &arrival, ip, &shared.shares)
            });
            let headers = response.headers_mut();
            headers::secure(headers);
            let is_counted = headers::describe(&request_state, headers);
            if let Some(limit) = shared.limit.as_ref().filter(|_| !is_counted)
                && let Some(note) = limit.count(ip, arrival.uri.path(), at)
            {
                headers::limit(&note, &limit.policy, headers);
            }
            shared.cors.add_headers(origin, preflight, headers);
            if let Ok(id) = HeaderValue::from_str(request_state.request_id()) {
                headers.insert(X_REQUEST_ID, id);
            }
            let route_state = request_state.route_state();
            let secret = route_state.is_some_and(RouteState::has_secret_answer);
            let mut response = compress::compress(response, encoding, secret).await;
            if arrival.method == Method::HEAD {
                render::head_only(&mut response);
            }
            record::record(&shared, &arrival, &request_state, code, &response);
            drop(in_flight);
            Ok(response.map(|body| delivery.body(body, held.ok().flatten())))
        })
    }
}

impl Shared {
    /// The response to an address over its limit. It is counted and not stored, so that a flood costs a counter each.
    fn limited(&self, retry_after: Duration) -> Response {
        let kind = SecurityEventKind::RateLimited.as_str();
        self.metrics.security_event(kind);
        ApiError::from(Error::Limited { retry_after }).into_response()
    }

    /// Runs the router with the time limit, and catches a panic.
    async fn guarded(&self, call: impl Future<Output = Result<Response, Infallible>>) -> Response {
        match tokio::time::timeout(self.timeout, AssertUnwindSafe(call).catch_unwind()).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            // The panic hook has logged it, with its location.
            Ok(Err(_panic)) => ApiError::Panicked.into_response(),
            Err(_elapsed) => ApiError::from(Error::Timeout).into_response(),
        }
    }
}
