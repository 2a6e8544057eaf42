//! P1 and P2: reading.

use super::seeded::load;
use super::served::Served;
use super::table::{Row, Target};
use super::{Bench, Fallible};

/// P1: a product, by somebody signed in.
pub(super) fn product(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let seed = &bench.sqlite.seed;
    let (ours, bare) = bench.in_turn(
        || bench.sqlite.turn()?.load("read", &seconds, false),
        || {
            let served = Served::floor(programs, &["floor", "http", &bench.sqlite.answer])?;
            load(programs, &served, seed, &["read", "--seconds", &seconds])
        },
    )?;
    let workload = "read a product, bearer token, 64 connections";
    let mut row = Row::compared(
        "P1",
        workload,
        ours,
        ("bare axum route, same bytes", bare),
        Target::Ratio(60),
    );
    row.note_generator(ours);
    Ok(vec![row])
}

/// P2: somebody's twenty newest orders.
pub(super) fn orders(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let mut rows = Vec::new();
    let forms = [
        ("list my 20 newest orders, 64 connections", "list", "page"),
        ("the same by `cursor`", "list-by-cursor", "cursor"),
    ];
    for (said, workload, form) in forms {
        let (ours, driver) = bench.in_turn(
            || bench.sqlite.turn()?.load(workload, &seconds, false),
            || {
                let turn = bench.sqlite.turn()?;
                let (file, seed) = (turn.file(), &bench.sqlite.seed);
                programs.figure(&[
                    "floor",
                    "list",
                    form,
                    "--database",
                    &file,
                    "--seed",
                    seed,
                    "--seconds",
                    &seconds,
                ])
            },
        )?;
        let mut row = Row::compared(
            "P2",
            said,
            ours,
            ("rusqlite alone, same rows, a thread a core", driver),
            Target::Ratio(35),
        );
        row.note_generator(ours);
        rows.push(row);
    }
    Ok(rows)
}
