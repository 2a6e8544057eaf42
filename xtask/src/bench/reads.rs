//! P1 and P2: workloads that read.

use super::seeded::load;
use super::server::Server;
use super::table::{Row, Target};
use super::{Bench, Fallible};

/// P1: a product, requested by a signed-in user.
pub(super) fn product(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let seed = &bench.sqlite.seed;
    let (ours, bare) = bench.alternate(
        || bench.sqlite.working_copy()?.load("read", &seconds, false),
        || {
            let server = Server::baseline(programs, &["baseline", "http", &bench.sqlite.answer])?;
            load(programs, &server, seed, &["read", "--seconds", &seconds])
        },
    )?;
    let workload = "read a product, bearer token, 64 connections";
    let mut row = Row::compared(
        "P1",
        workload,
        ours,
        ("bare axum route, same bytes", bare),
        Target::Ratio(80),
    );
    row.note_generator(ours);
    Ok(vec![row])
}

/// P2: a user's twenty newest orders.
pub(super) fn orders(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let mut rows = Vec::new();
    let forms = [
        ("list my 20 newest orders, 64 connections", "list", "page"),
        ("the same by `cursor`", "list-by-cursor", "cursor"),
    ];
    for (description, workload, form) in forms {
        let (ours, driver) = bench.alternate(
            || bench.sqlite.working_copy()?.load(workload, &seconds, false),
            || {
                let copy = bench.sqlite.working_copy()?;
                let (file, seed) = (copy.file(), &bench.sqlite.seed);
                programs.measurement(&[
                    "baseline",
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
            description,
            ours,
            ("bare rusqlite, same rows, one thread per core", driver),
            Target::Ratio(35),
        );
        row.note_generator(ours);
        rows.push(row);
    }
    Ok(rows)
}
