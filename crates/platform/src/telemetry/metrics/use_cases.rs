//! Metrics of use cases.

use super::seconds;
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The outcome of a use case that did not fail.
pub(super) const OK: &str = "OK";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    use_case: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    use_case: &'static str,
}

pub(super) struct UseCases {
    runs: Family<Run, Counter>,
    seconds: Family<Name, Histogram, fn() -> Histogram>,
    /// There are a few dozen, each with one name in memory, so comparing addresses is faster than hashing labels.
    known: RwLock<Vec<KnownUseCase>>,
}

/// One use case, with its labels looked up once.
struct KnownUseCase {
    name: &'static str,
    ok: Counter,
    seconds: Histogram,
}

impl UseCases {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let use_cases = Self {
            runs: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            known: RwLock::default(),
        };
        registry.register(
            "use_cases",
            "Use cases run, by outcome: OK or the code of the error",
            use_cases.runs.clone(),
        );
        registry.register(
            "use_case_duration_seconds",
            "Time a use case took",
            use_cases.seconds.clone(),
        );
        use_cases
    }

    pub(super) fn ran(&self, name: &'static str, outcome: &'static str, took: Duration) {
        let known = self.known.read();
        match known.iter().find(|known| std::ptr::eq(known.name, name)) {
            Some(known) => self.count(known, outcome, took),
            None => {
                drop(known);
                self.first(name, outcome, took);
            }
        }
    }

    fn count(&self, known: &KnownUseCase, outcome: &'static str, took: Duration) {
        known.seconds.observe(took.as_secs_f64());
        if outcome == OK {
            known.ok.inc();
            return;
        }
        let use_case = known.name;
        self.runs.get_or_create(&Run { use_case, outcome }).inc();
    }

    /// Two threads may both get here first, or one name may have two addresses in memory; each gets the same metrics,
    /// and a second entry does no harm.
    fn first(&self, name: &'static str, outcome: &'static str, took: Duration) {
        let ok = Run {
            use_case: name,
            outcome: OK,
        };
        let known = KnownUseCase {
            name,
            ok: self.runs.get_or_create_owned(&ok),
            seconds: self.seconds.get_or_create_owned(&Name { use_case: name }),
        };
        self.count(&known, outcome, took);
        self.known.write().push(known);
    }
}
