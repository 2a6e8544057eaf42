//! The machine on which the measurements were taken.

use crate::error::BenchError;
use mainstay_domain::time::Clock;
use mainstay_platform::clock::SystemClock;
use mainstay_platform::stopwatch::Stopwatch;
use serde::Serialize;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The properties of a machine that affect measurements.
#[derive(Serialize)]
pub(crate) struct Machine {
    now: String,
    cores: usize,
    processor: String,
    kernel: String,
    memory_mib: u64,
    /// Median of 300 times writing 4 KiB with `fdatasync`, in microseconds.
    sync_us: u64,
    sqlite: &'static str,
}

/// Reads the properties of this machine and of the disk of a folder.
pub(crate) fn read(folder: &Path) -> Result<Machine, BenchError> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Ok(Machine {
        now: SystemClock.now().to_string(),
        cores: std::thread::available_parallelism()?.get(),
        processor: value(&processors, "model name").to_owned(),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        memory_mib: value(&memory, "MemTotal")
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or(0)
            / 1024,
        sync_us: sync_cost(folder)?,
        sqlite: rusqlite::version(),
    })
}

fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .find(|(found, _)| found.trim() == key)
        .map_or("unknown", |(_, value)| value.trim())
}

fn sync_cost(folder: &Path) -> Result<u64, BenchError> {
    const BLOCK: [u8; 4096] = [7; 4096];
    let path = folder.join("sync");
    let file = File::create(&path)?;
    let mut costs = Vec::new();
    for at in 0..300 {
        let watch = Stopwatch::start();
        file.write_all_at(&BLOCK, at * 4096)?;
        file.sync_data()?;
        costs.push(watch.micros());
    }
    fs::remove_file(path)?;
    costs.sort_unstable();
    Ok(costs[costs.len() / 2])
}
