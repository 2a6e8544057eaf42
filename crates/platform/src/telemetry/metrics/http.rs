//! Metrics of the HTTP server.

use super::seconds;
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: Arc<str>,
}

pub(super) struct Http {
    requests: Family<Answer, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl Http {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let http = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
        };
        registry.register("http_requests", "Requests answered", http.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time until the head of the answer",
            http.seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests being answered",
            http.in_flight.clone(),
        );
        http
    }

    pub(super) fn route(&self, method: &'static str, route: &str) -> Route {
        let labels = RouteLabels {
            method,
            route: route.into(),
        };
        let seconds = self.seconds.get_or_create_owned(&labels);
        Route(Arc::new(Inner {
            labels,
            seconds,
            requests: self.requests.clone(),
            counters: RwLock::default(),
        }))
    }

    pub(super) fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }
}

/// The metrics of one route, with its labels looked up once. Cheap to clone.
#[derive(Clone)]
pub struct Route(Arc<Inner>);

struct Inner {
    labels: RouteLabels,
    seconds: Histogram,
    requests: Family<Answer, Counter>,
    /// A route answers with a handful of statuses, so searching a short list is faster than hashing three labels.
    counters: RwLock<Vec<(u16, Counter)>>,
}

impl Route {
    /// Counts an answered request of this route.
    pub fn answered(&self, status: u16, took: Duration) {
        self.0.seconds.observe(took.as_secs_f64());
        let counters = self.0.counters.read();
        match counters.iter().find(|(code, _)| *code == status) {
            Some((_, counter)) => counter.inc(),
            None => {
                drop(counters);
                self.0.first(status).inc()
            }
        };
    }
}

impl Inner {
    /// Two threads may both get here first; they get the same counter, and a second entry does no harm.
    fn first(&self, status: u16) -> Counter {
        let RouteLabels { method, route } = self.labels.clone();
        let counter = self.requests.get_or_create_owned(&Answer {
            method,
            route,
            status,
        });
        self.counters.write().push((status, counter.clone()));
        counter
    }
}

/// A request in progress.
#[must_use = "the request counts as answered when this is dropped"]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
