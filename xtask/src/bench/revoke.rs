//! P7: revoking a session, and the first refusal of its token.

use super::measurement::Measurement;
use super::seeded::Seeded;
use super::server::Server;
use super::table::{Row, Target, millis};
use super::{Bench, Fallible};
use crate::test::postgres::Engine;

const ON_THE_NODE_MS: u64 = 100;
const ACROSS_NODES_MS: u64 = 1000;
const ROUNDS: &str = "200";
/// Revoking concerns no orders.
const ORDERS: u32 = 64;

/// P7: on a node, with each engine, and across two nodes on one PostgreSQL.
pub(super) fn measure(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let sqlite = bench.sqlite.working_copy()?;
    let server = sqlite.serve(false)?;
    let seed = bench.sqlite.seed.as_str();
    let workload = "revoke a session, until its token is refused; on the node, SQLite";
    let mut rows = vec![row(
        workload,
        revoke(bench, seed, &server, &server)?,
        ON_THE_NODE_MS,
    )];
    drop(server);
    if let Engine::At { url, .. } = &bench.engine {
        let folder = bench.folder.subfolder("revoke")?;
        let seeded = Seeded::with_orders(bench.programs, folder, url, ORDERS)?;
        let copy = seeded.working_copy()?;
        let (one, other) = (copy.serve(false)?, copy.serve(false)?);
        let on_the_node = revoke(bench, &seeded.seed, &one, &one)?;
        rows.push(row("the same, PostgreSQL", on_the_node, ON_THE_NODE_MS));
        let across = revoke(bench, &seeded.seed, &one, &other)?;
        let workload = "the same, refused by another node on one PostgreSQL";
        rows.push(row(workload, across, ACROSS_NODES_MS));
    }
    Ok(rows)
}

fn revoke(bench: &Bench<'_>, seed: &str, revokes: &Server, refuses: &Server) -> Fallible<Measurement> {
    bench.programs.measurement(&[
        "revoke",
        "--address",
        &revokes.address,
        "--refuses",
        &refuses.address,
        "--seed",
        seed,
        "--rounds",
        ROUNDS,
    ])
}

fn row(workload: &str, took: Measurement, max: u64) -> Row {
    Row {
        name: "P7",
        workload: workload.to_owned(),
        product: format!("p99 {}", millis(took.p99_us)),
        baseline: "–".to_owned(),
        ratio: None,
        target: Target::AtMost {
            max,
            unit: "ms",
            is: took.p99_us.div_ceil(1000),
        },
        notes: format!(
            "p50 {}, max {}; {ROUNDS} sessions",
            millis(took.p50_us),
            millis(took.max_us)
        ),
    }
}
