//! Metrics for Prometheus. All names begin with `mainstay_`; every label has few values, and none comes from a
//! client.

mod http;
mod text;
mod use_cases;
mod watch;

pub use http::{InFlight, Route};
pub use watch::MetricSamples;

use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// `Content-Type` of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the histogram buckets in seconds, from a cached read to a slow export.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// All metrics of a process. Constructed once and shared by `Arc`; nothing here is global.
pub struct Metrics {
    registry: Mutex<Registry>,
    http: http::Http,
    use_cases: use_cases::UseCases,
    statements: Counter,
    database_seconds: Histogram,
    jobs: Family<Job, Counter>,
    job_seconds: Family<Kind, Histogram, fn() -> Histogram>,
    queue_depth: Family<Queue, Gauge>,
    security_events: Family<Type, Counter>,
    audit_chain_broken: Gauge,
    clock_skew: Gauge,
    audit_head_failures: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    queue: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Type {
    r#type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// How a run of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// It succeeded.
    Done,
    /// It failed and will be retried.
    Failed,
    /// It failed for the last time.
    Dead,
}

impl Metrics {
    /// `version` is reported as `mainstay_build_info`.
    pub fn new(version: &'static str) -> Self {
        let mut registry = Registry::with_prefix("mainstay");
        let metrics = Self {
            http: http::Http::register(&mut registry),
            use_cases: use_cases::UseCases::register(&mut registry),
            statements: Counter::default(),
            database_seconds: seconds(),
            jobs: Family::default(),
            job_seconds: Family::new_with_constructor(seconds),
            queue_depth: Family::default(),
            security_events: Family::default(),
            audit_chain_broken: Gauge::default(),
            clock_skew: Gauge::default(),
            audit_head_failures: Counter::default(),
            registry: Mutex::default(),
        };
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version }).set(1);
        registry.register("build_info", "What is running; always 1", build);
        registry.register(
            "database_statements",
            "Statements that use cases sent to the database",
            metrics.statements.clone(),
        );
        registry.register(
            "database_duration_seconds",
            "Time a transaction of a use case spent in statements",
            metrics.database_seconds.clone(),
        );
        registry.register(
            "job_runs",
            "Runs of jobs, by outcome: done, failed (tried again) or dead",
            metrics.jobs.clone(),
        );
        registry.register(
            "job_duration_seconds",
            "Time a run of a job took",
            metrics.job_seconds.clone(),
        );
        registry.register(
            "queue_jobs",
            "Jobs in a queue that are not finished, by state, as last counted",
            metrics.queue_depth.clone(),
        );
        registry.register(
            "security_events",
            "Denied and suspicious attempts",
            metrics.security_events.clone(),
        );
        registry.register(
            "audit_chain_broken",
            "1 while the audit chain is not what was sealed and is not extended, or entries are refused or missing",
            metrics.audit_chain_broken.clone(),
        );
        registry.register(
            "clock_skew_ms",
            "How far this node's clock is ahead of the database's, in milliseconds, as last measured",
            metrics.clock_skew.clone(),
        );
        registry.register(
            "audit_head_failures",
            "Heads of the audit chain that AUDIT_WITNESS_URL did not take",
            metrics.audit_head_failures.clone(),
        );
        Self {
            registry: Mutex::new(registry),
            ..metrics
        }
    }

    /// The metrics of one route; call it once, when the route is mounted. `route` is its pattern, never a path.
    pub fn route(&self, method: &'static str, route: &str) -> Route {
        self.http.route(method, route)
    }

    /// Counts a request as in progress until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.http.in_flight()
    }

    /// Records a run of a use case; `outcome` is `OK` or the code of its error.
    pub fn use_case_ran(&self, name: &'static str, outcome: &'static str, took: Duration) {
        self.use_cases.ran(name, outcome, took);
    }

    /// Records a transaction or a read: its number of statements and the time spent in them.
    pub fn database_used(&self, statements: u32, took: Duration) {
        self.statements.inc_by(u64::from(statements));
        self.database_seconds.observe(took.as_secs_f64());
    }

    /// Records a run of a job.
    pub fn job_ran(&self, kind: &'static str, outcome: JobOutcome, took: Duration) {
        let outcome = match outcome {
            JobOutcome::Done => "done",
            JobOutcome::Failed => "failed",
            JobOutcome::Dead => "dead",
        };
        self.jobs.get_or_create(&Job { kind, outcome }).inc();
        self.job_seconds
            .get_or_create(&Kind { kind })
            .observe(took.as_secs_f64());
    }

    /// Sets the current number of jobs in each state of each queue, `(queue, state, jobs)`. Queues that are not
    /// listed are empty. A scrape never reads an incomplete update.
    pub fn queue_depths<'q>(&self, depths: impl IntoIterator<Item = (&'q str, &'static str, i64)>) {
        let _no_scrape = self.registry.lock();
        self.queue_depth.clear();
        for (queue, state, jobs) in depths {
            let queue = queue.to_owned();
            self.queue_depth.get_or_create(&Queue { queue, state }).set(jobs);
        }
    }

    /// Counts a security event.
    pub fn security_event(&self, kind: &'static str) {
        self.security_events.get_or_create(&Type { r#type: kind }).inc();
    }

    /// Records whether the audit chain was found broken when the sealer tried to extend it.
    pub fn audit_chain_broken(&self, broken: bool) {
        self.audit_chain_broken.set(i64::from(broken));
    }

    /// Records how far this node's clock is ahead of the database's, in milliseconds.
    pub fn clock_skew(&self, ms: i64) {
        self.clock_skew.set(ms);
    }

    /// Counts a failed delivery of the audit chain's head to its external receiver.
    pub fn audit_head_not_sent(&self) {
        self.audit_head_failures.inc();
    }

    /// Registers metrics that another component holds; every scrape calls `read`, which must be quick.
    pub fn watch(&self, read: impl Fn(&mut MetricSamples) + Send + Sync + 'static) {
        self.registry
            .lock()
            .register_collector(Box::new(watch::Watched::new(read)));
    }

    /// All metrics in the text format of Prometheus; see [`CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        prometheus_client::encoding::text::encode_registry(&mut text, &self.registry.lock())
            .expect("writing to a String cannot fail");
        text::from_open_metrics(&text)
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

#[cfg(test)]
mod tests;
