//! P3, P4 and P6: writing.

use super::figure::Figure;
use super::seeded::{Seeded, Turn};
use super::table::{Row, Target};
use super::{Bench, Fallible};
use crate::test::postgres::Engine;

const PLACE: &str = "place an order, idempotency key, 64 connections";

/// P3, and P6 which is measured against it.
pub(super) fn on_sqlite(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let alone = |turn: &Turn<'_>, slow: bool| -> Fallible<Figure> {
        let (file, seed) = (turn.file(), bench.sqlite.seed.as_str());
        let arguments = [
            "floor",
            "place",
            "--database",
            &file,
            "--seed",
            seed,
            "--seconds",
            &seconds,
        ];
        if slow {
            programs.slow_figure(&arguments)
        } else {
            programs.figure(&arguments)
        }
    };
    let both = |slow: bool| {
        bench.in_turn(
            || bench.sqlite.turn()?.load("place", &seconds, slow),
            || alone(&bench.sqlite.turn()?, slow),
        )
    };
    let mut rows = Vec::new();
    let driver = "rusqlite alone, same statements, a sync each";
    let (ours, floor) = both(false)?;
    if bench.arguments.wants("P3") {
        rows.push(Row::compared(
            "P3",
            &format!("{PLACE}, SQLite"),
            ours,
            (driver, floor),
            Target::Ratio(150),
        ));
        if bench.arguments.slow_fsync {
            let (ours, floor) = both(true)?;
            let said = "the same, a sync costing 1 ms more";
            rows.push(Row::compared(
                "P3",
                said,
                ours,
                (driver, floor),
                Target::Ratio(800),
            ));
        }
    }
    if bench.arguments.wants("P6") {
        let mut turns = Vec::new();
        for _ in 0..bench.arguments.rounds {
            turns.push(bench.sqlite.turn()?.load("refresh", &seconds, false)?);
        }
        let refreshed = Figure::middle(&turns);
        let said = "refresh with rotation, 64 sessions";
        rows.push(Row::compared(
            "P6",
            said,
            refreshed,
            ("P3, the product", ours),
            Target::Ratio(100),
        ));
    }
    Ok(rows)
}

/// P4, where there is a server.
pub(super) fn on_postgres(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let Engine::At { url, description, .. } = &bench.engine else {
        return Ok(Vec::new());
    };
    let (programs, seconds) = (bench.programs, bench.seconds());
    let seeded = Seeded::on_postgres(programs, bench.folder.place("postgres")?, url)?;
    let (ours, driver) = bench.in_turn(
        || seeded.turn()?.load("place", &seconds, false),
        || {
            let turn = seeded.turn()?;
            let url = turn.url().unwrap_or_default();
            programs.figure(&[
                "floor",
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
    let floor = ("tokio-postgres alone, same statements, 12 connections", driver);
    Ok(vec![Row::compared(
        "P4",
        &format!("{PLACE}, {description}"),
        ours,
        floor,
        Target::Ratio(70),
    )])
}
