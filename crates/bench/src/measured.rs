//! What one turn of a measurement gives.

use crate::cpu;
use mainstay_platform::stopwatch::Stopwatch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What was counted in a turn. Times are microseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measured {
    /// Answers that were as expected, or transactions committed.
    pub(crate) count: u64,
    /// How long was counted.
    pub(crate) elapsed_us: u64,
    /// Processor time of what was measured.
    pub(crate) cpu_us: u64,
    /// Processor time of the generator.
    pub(crate) generator_cpu_us: u64,
    /// The middle, the hundredth slowest and the slowest of the answers.
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) max_us: u64,
    /// The most memory that the server ever held, in KiB.
    pub(crate) peak_kib: u64,
    /// Answers that were not as expected, by their status; 0 stands for a broken connection.
    pub(crate) unexpected: BTreeMap<u16, u64>,
    /// The first of them, word for word.
    pub(crate) complaint: Option<String>,
}

/// Runs a step again and again: half a second to warm up, then for as long as it is measured.
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
