//! Resources of a process that all clients share, with limits so that no client uses up all of them.

use crate::budget::ByteBudget;
use crate::connections::Connections;
use crate::options::EdgeOptions;
use mainstay_platform::telemetry::metrics::{MetricSamples, Metrics};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Resources of a process that all clients share.
#[derive(Debug)]
pub(crate) struct Shares {
    /// Budget for request bodies that are being read or processed.
    pub(crate) bodies: Arc<ByteBudget>,
    /// Budget for responses that clients have not received yet.
    pub(crate) responses: Arc<ByteBudget>,
    /// The open connections and their limits.
    pub(crate) connections: Arc<Connections>,
}

impl Shares {
    pub(crate) fn new(options: &EdgeOptions) -> Self {
        Self {
            bodies: Arc::new(ByteBudget::new(options.body_budget)),
            responses: Arc::new(ByteBudget::new(options.response_budget)),
            connections: Arc::new(Connections::new(
                options.max_connections,
                options.max_connections_per_address,
                options.trusted_proxies.clone(),
            )),
        }
    }

    /// Registers their gauges and counters in the metrics.
    pub(crate) fn watch(self: &Arc<Self>, metrics: &Metrics) {
        let shares = Arc::clone(self);
        metrics.watch(move |samples| shares.sample(samples));
    }

    fn sample(&self, samples: &mut MetricSamples) {
        let gauge = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        samples.gauge(
            "http_connections",
            "Connections that are open",
            gauge(self.connections.count()),
        );
        samples.gauge(
            "http_request_body_bytes",
            "Bytes reserved for request bodies in memory (BODY_BUDGET)",
            gauge(self.bodies.used()),
        );
        samples.gauge(
            "http_response_bytes",
            "Bytes of responses in memory that clients have not taken yet (RESPONSE_BUDGET)",
            gauge(self.responses.used()),
        );
        let counts = self.connections.counts();
        for (name, help, count) in [
            (
                "http_connections_refused_full",
                "Connections refused because MAX_CONNECTIONS were open",
                counts.refused_full.load(Relaxed),
            ),
            (
                "http_connections_refused_address",
                "Connections refused because MAX_CONNECTIONS_PER_ADDRESS of their address were open",
                counts.refused_address.load(Relaxed),
            ),
            (
                "http_connections_failed",
                "Failures to accept a connection, such as too many open files",
                counts.accept_failed.load(Relaxed),
            ),
            (
                "http_connections_closed_silent",
                "Connections closed because no request came",
                counts.closed_silent.load(Relaxed),
            ),
            (
                "http_connections_closed_idle",
                "Connections closed because no further request came",
                counts.closed_idle.load(Relaxed),
            ),
            (
                "http_connections_closed_stalled",
                "Connections closed because the client did not read a response",
                counts.closed_stalled.load(Relaxed),
            ),
            (
                "http_request_bodies_refused",
                "Requests answered with 503 because BODY_BUDGET was used up",
                self.bodies.refused(),
            ),
            (
                "http_responses_refused",
                "Requests answered with 503 because RESPONSE_BUDGET or the part of a connection was used up",
                self.responses.refused(),
            ),
        ] {
            samples.counter(name, help, count);
        }
    }
}
