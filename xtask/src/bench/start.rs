//! P10: starting, resting, and how much there is of it.

use std::time::Duration;

use super::table::{Row, Target, millis};
use super::{Bench, Fallible};
use crate::patience::wait_for;

/// P10: how soon it is ready, what it holds when nothing is asked of it, and the binary.
pub(super) fn measure(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let mut took = Vec::new();
    let mut idle_kib = 0;
    for turn in 0..5 {
        let copy = bench.sqlite.turn()?;
        let served = copy.serve(false)?;
        let ready = bench.programs.ask(&["ready", &served.address])?;
        let ready = ready
            .get("elapsed_us")
            .and_then(serde_json::Value::as_u64)
            .ok_or("it was not ready")?;
        took.push(u64::try_from(served.took.as_micros())? + ready);
        if turn == 4 {
            wait_for(Duration::from_secs(5), || None::<()>);
            idle_kib = served.memory_kib("VmRSS")?;
        }
    }
    took.sort_unstable();
    let ready = took[took.len() / 2];
    let binary = std::fs::metadata(&bench.programs.mainstay)?.len() >> 20;
    let idle = idle_kib / 1024;
    let row = |workload: &str, product: String, most: u64, unit: &'static str, is: u64| Row {
        name: "P10",
        workload: workload.to_owned(),
        product,
        floor: "–".to_owned(),
        ratio: None,
        target: Target::Most { most, unit, is },
        notes: String::new(),
    };
    Ok(vec![
        row(
            "start on 10,000 orders, to ready",
            millis(ready),
            150,
            "ms",
            ready / 1000,
        ),
        row("memory after 5 s of rest", format!("{idle} MiB"), 40, "MiB", idle),
        row("binary", format!("{binary} MiB"), 40, "MiB", binary),
    ])
}
