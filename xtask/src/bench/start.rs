//! P10: start time, idle memory and binary size.

use std::time::Duration;

use super::table::{Row, Target, millis};
use super::{Bench, Fallible};
use crate::polling::wait_for;

/// P10: time until ready, memory when idle, and size of the binary.
pub(super) fn measure(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let mut took = Vec::new();
    let mut idle_kib = 0;
    for round in 0..5 {
        let copy = bench.sqlite.working_copy()?;
        let server = copy.serve(false)?;
        let ready = bench.programs.output(&["ready", &server.address])?;
        let ready = ready
            .get("elapsed_us")
            .and_then(serde_json::Value::as_u64)
            .ok_or("it was not ready")?;
        took.push(u64::try_from(server.took.as_micros())? + ready);
        if round == 4 {
            wait_for(Duration::from_secs(5), || None::<()>);
            idle_kib = server.memory_kib("VmRSS")?;
        }
    }
    took.sort_unstable();
    let ready = took[took.len() / 2];
    let binary = std::fs::metadata(&bench.programs.mainstay)?.len() >> 20;
    let idle = idle_kib / 1024;
    let row = |workload: &str, product: String, max: u64, unit: &'static str, is: u64| Row {
        name: "P10",
        workload: workload.to_owned(),
        product,
        baseline: "–".to_owned(),
        ratio: None,
        target: Target::AtMost { max, unit, is },
        notes: String::new(),
    };
    Ok(vec![
        row(
            "start on 10,000 orders, to ready",
            millis(ready),
            60,
            "ms",
            ready / 1000,
        ),
        row("memory after 5 s of rest", format!("{idle} MiB"), 35, "MiB", idle),
        row("binary", format!("{binary} MiB"), 40, "MiB", binary),
    ])
}
