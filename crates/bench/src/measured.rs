//! The result of one measurement run.

use crate::cpu;
use mainstay_platform::stopwatch::Stopwatch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The measurements of one run. Times are microseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measured {
    /// Number of expected answers, or of committed transactions.
    pub(crate) count: u64,
    /// Duration of the measurement.
    pub(crate) elapsed_us: u64,
    /// Processor time of the measured process.
    pub(crate) cpu_us: u64,
    /// Processor time of the load generator.
    pub(crate) generator_cpu_us: u64,
    /// Median, 99th percentile and maximum of the response times.
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
    /// Peak memory of the server in KiB.
    pub(crate) peak_kib: u64,
    /// Unexpected answers by their status; 0 stands for a broken connection.
    pub(crate) unexpected: BTreeMap<u16, u64>,
    /// The text of the first unexpected answer.
    pub(crate) complaint: Option<String>,
}

/// Repeats a step: half a second of warm-up, then `seconds` of measurement.
pub(crate) fn repeat<E>(seconds: u64, mut step: impl FnMut() -> Result<(), E>) -> Result<Measured, E> {
    let warming = Stopwatch::start();
    while warming.elapsed() < Duration::from_millis(500) {
        step()?;
    }
    let (watch, cpu, mut count) = (Stopwatch::start(), cpu::own(), 0);
    while watch.elapsed() < Duration::from_secs(seconds) {
        step()?;
        count += 1;
    }
    Ok(Measured {
        count,
        elapsed_us: watch.micros(),
        cpu_us: cpu::own().saturating_sub(cpu),
        ..Measured::default()
    })
}
