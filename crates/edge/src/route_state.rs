//! The axum state of a route.

use crate::options::EdgeOptions;
use crate::routes::row::RouteRow;
use bytes::Bytes;
use http::HeaderValue;
use mainstay_engine::{Engine, PUBLIC_MAX_BODY};
use mainstay_platform::telemetry::metrics::Route as RouteMetrics;
use std::fmt;
use std::sync::Arc;

/// State of a mounted handler: its row in the route table, and what all routes share. It is the axum state of every
/// handler, so no request looks its route up by name. Cheap to clone.
#[derive(Clone)]
pub struct RouteState(Arc<Inner>);

struct Inner {
    router_state: Arc<RouterState>,
    row: RouteRow,
    metrics: RouteMetrics,
    policy: Option<HeaderValue>,
}

/// State that all routes share.
pub(crate) struct RouterState {
    pub(crate) engine: Engine,
    pub(crate) options: EdgeOptions,
    pub(crate) openapi: Bytes,
}

impl RouteState {
    pub(crate) fn new(router_state: Arc<RouterState>, row: RouteRow, method: &'static str) -> Self {
        let metrics = router_state.engine.node().metrics.route(method, &row.path);
        let policy = row.quota.and_then(|rate| {
            let (name, count, seconds) = (row.use_case, rate.count, rate.period.as_secs());
            HeaderValue::try_from(format!("\"{name}\";q={count};w={seconds}")).ok()
        });
        Self(Arc::new(Inner {
            router_state,
            row,
            metrics,
            policy,
        }))
    }

    pub(crate) fn router_state(&self) -> &RouterState {
        &self.0.router_state
    }

    /// The engine, for [`crate::Operation`]; handlers have no other access to it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.router_state.engine
    }

    /// A part of this process that an interface shares, by its type.
    ///
    /// # Errors
    /// `INTERNAL_ERROR` when the composition root did not insert one.
    pub fn extension<T: ?Sized + Send + Sync + 'static>(&self) -> mainstay_domain::Result<&Arc<T>> {
        self.engine().components().extensions.get()
    }

    /// Options of the deployment.
    pub fn options(&self) -> &EdgeOptions {
        &self.0.router_state.options
    }

    /// The path pattern of the route: `/api/orders/{id}`.
    pub fn pattern(&self) -> &str {
        &self.0.row.path
    }

    /// Name of the use case.
    pub(crate) fn operation(&self) -> &'static str {
        self.0.row.use_case
    }

    pub(crate) fn metrics(&self) -> &RouteMetrics {
        &self.0.metrics
    }

    /// The value of `RateLimit-Policy`, built once.
    pub(crate) fn policy(&self) -> Option<&HeaderValue> {
        self.0.policy.as_ref()
    }

    /// Maximum bytes of a request body: the limit that the route declares, capped by that of the deployment.
    pub(crate) fn max_body(&self) -> usize {
        let declared = self.0.row.max_body.unwrap_or(PUBLIC_MAX_BODY);
        declared.min(self.options().body_limit)
    }

    /// Whether the route supports `Idempotency-Key`.
    pub(crate) fn takes_key(&self) -> bool {
        self.0.row.takes_key()
    }

    /// Whether the answer contains secrets.
    pub(crate) fn has_secret_answer(&self) -> bool {
        self.0.row.has_secret_answer
    }
}

impl fmt::Debug for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RouteState({} {})", self.0.row.method, self.0.row.path)
    }
}
