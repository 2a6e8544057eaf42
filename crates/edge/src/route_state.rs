//! The place where a handler is mounted.

use crate::options::EdgeOptions;
use crate::routes::RouteRow;
use bytes::Bytes;
use http::HeaderValue;
use mainstay_platform::telemetry::metrics::Route as Figures;
use mainstay_services::{PUBLIC_MAX_BODY, Services};
use std::fmt;
use std::sync::Arc;

/// The place where a handler is mounted: its row in the table of routes, and what all routes share. The state of
/// every handler, so that nothing has to be looked up by the route's name. Cheap to clone.
#[derive(Clone)]
pub struct RouteState(Arc<Inner>);

struct Inner {
    router_state: Arc<RouterState>,
    row: RouteRow,
    figures: Figures,
    policy: Option<HeaderValue>,
}

/// What all routes share.
pub(crate) struct RouterState {
    pub(crate) services: Services,
    pub(crate) options: EdgeOptions,
    pub(crate) openapi: Bytes,
}

impl RouteState {
    pub(crate) fn new(router_state: Arc<RouterState>, row: RouteRow, method: &'static str) -> Self {
        let figures = router_state.services.parts().metrics.route(method, &row.path);
        let policy = row.quota.and_then(|rate| {
            let (name, count, seconds) = (row.use_case, rate.count, rate.period.as_secs());
            HeaderValue::try_from(format!("\"{name}\";q={count};w={seconds}")).ok()
        });
        Self(Arc::new(Inner {
            router_state,
            row,
            figures,
            policy,
        }))
    }

    pub(crate) fn router_state(&self) -> &RouterState {
        &self.0.router_state
    }

    /// The use cases, for the door; handlers only get at them through it.
    pub(crate) fn services(&self) -> &Services {
        &self.0.router_state.services
    }

    /// What the deployment decided.
    pub fn options(&self) -> &EdgeOptions {
        &self.0.router_state.options
    }

    /// The pattern of the route: `/api/orders/{id}`.
    pub fn pattern(&self) -> &str {
        &self.0.row.path
    }

    /// The use case's name.
    pub(crate) fn operation(&self) -> &'static str {
        self.0.row.use_case
    }

    pub(crate) fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// The header `RateLimit-Policy`, written once.
    pub(crate) fn policy(&self) -> Option<&HeaderValue> {
        self.0.policy.as_ref()
    }

    /// Bytes that the body of a request may have here: what the route declares, at most what the deployment allows.
    pub(crate) fn max_body(&self) -> usize {
        let declared = self.0.row.max_body.unwrap_or(PUBLIC_MAX_BODY);
        declared.min(self.options().body_limit)
    }

    /// Whether an `Idempotency-Key` means anything here.
    pub(crate) fn takes_key(&self) -> bool {
        self.0.row.takes_key()
    }

    /// True where credentials are not even looked at.
    pub(crate) fn is_blind(&self) -> bool {
        self.0.row.is_blind()
    }
}

impl fmt::Debug for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({} {})", self.0.row.method, self.0.row.path)
    }
}
