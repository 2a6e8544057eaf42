//! Metrics that other components hold and that are read at every scrape.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// Collects the current values of a component, e.g. of the database.
#[derive(Debug, Default)]
pub struct MetricSamples(Vec<(&'static str, &'static str, Value)>);

#[derive(Debug)]
enum Value {
    Counter(u64),
    Gauge(i64),
}

impl MetricSamples {
    /// A value that only grows. The name gets `mainstay_` before and `_total` after it.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.0.push((name, help, Value::Counter(value)));
    }

    /// A value that goes up and down. The name gets `mainstay_` before it.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: i64) {
        self.0.push((name, help, Value::Gauge(value)));
    }
}

pub(super) struct Watched(Box<dyn Fn(&mut MetricSamples) + Send + Sync>);

impl Watched {
    pub(super) fn new(read: impl Fn(&mut MetricSamples) + Send + Sync + 'static) -> Self {
        Self(Box::new(read))
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Collector for Watched {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut samples = MetricSamples::default();
        (self.0)(&mut samples);
        for (name, help, value) in samples.0 {
            match value {
                Value::Counter(value) => {
                    let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
                    ConstCounter::new(value).encode(metric)?;
                }
                Value::Gauge(value) => {
                    let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                    ConstGauge::new(value).encode(metric)?;
                }
            }
        }
        Ok(())
    }
}
