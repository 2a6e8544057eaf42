//! P3, P4 and P6: workloads that write.

use super::measurement::Measurement;
use super::seeded::{Seeded, WorkingCopy};
use super::table::{Row, Target};
use super::{Bench, Fallible};
use crate::test::postgres::Engine;

const WORKLOAD: &str = "place an order, idempotency key, 64 connections";

/// P3, and P6, which is compared with P3.
pub(super) fn on_sqlite(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let baseline = |copy: &WorkingCopy<'_>, slow: bool| -> Fallible<Measurement> {
        let (file, seed) = (copy.file(), bench.sqlite.seed.as_str());
        let arguments = [
            "baseline",
            "place",
            "--database",
            &file,
            "--seed",
            seed,
            "--seconds",
            &seconds,
        ];
        if slow {
            programs.slow_measurement(&arguments)
        } else {
            programs.measurement(&arguments)
        }
    };
    let both = |slow: bool| {
        bench.alternate(
            || bench.sqlite.working_copy()?.load("place", &seconds, slow),
            || baseline(&bench.sqlite.working_copy()?, slow),
        )
    };
    let mut rows = Vec::new();
    let driver = "bare rusqlite, same statements, one sync per order";
    let (ours, driver_result) = both(false)?;
    if bench.arguments.includes("P3") {
        rows.push(Row::compared(
            "P3",
            &format!("{WORKLOAD}, SQLite"),
            ours,
            (driver, driver_result),
            Target::Ratio(400),
        ));
        if bench.arguments.slow_fsync {
            let (ours, driver_result) = both(true)?;
            let workload = "the same, a sync costing 1 ms more";
            rows.push(Row::compared(
                "P3",
                workload,
                ours,
                (driver, driver_result),
                Target::Ratio(1000),
            ));
        }
    }
    if bench.arguments.includes("P6") {
        let mut runs = Vec::new();
        for _ in 0..bench.arguments.rounds {
            runs.push(bench.sqlite.working_copy()?.load("refresh", &seconds, false)?);
        }
        let refreshed = Measurement::median(&runs);
        let workload = "refresh with rotation, 64 sessions";
        rows.push(Row::compared(
            "P6",
            workload,
            refreshed,
            ("P3, the product", ours),
            Target::Ratio(300),
        ));
    }
    Ok(rows)
}

/// P4, when a PostgreSQL server is available.
pub(super) fn on_postgres(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let Engine::At { url, description, .. } = &bench.engine else {
        return Ok(Vec::new());
    };
    let (programs, seconds) = (bench.programs, bench.seconds());
    let seeded = Seeded::on_postgres(programs, bench.folder.subfolder("postgres")?, url)?;
    let (ours, driver) = bench.alternate(
        || seeded.working_copy()?.load("place", &seconds, false),
        || {
            let copy = seeded.working_copy()?;
            let url = copy.url().unwrap_or_default();
            programs.measurement(&[
                "baseline",
                "place-postgres",
                "--url",
                &url,
                "--seed",
                &seeded.seed,
                "--seconds",
                &seconds,
            ])
        },
    )?;
    let baseline = ("bare tokio-postgres, same statements, 12 connections", driver);
    Ok(vec![Row::compared(
        "P4",
        &format!("{WORKLOAD}, {description}"),
        ours,
        baseline,
        Target::Ratio(80),
    )])
}
