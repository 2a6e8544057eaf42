//! `cargo xtask bench`: measures the shipped binary and its baselines alternately in one run, as a table and as a page.

use std::error::Error;

use crate::project;
use crate::test::postgres::{self, Engine};
use arguments::Arguments;
use folder::Folder;
use measurement::Measurement;
use programs::Programs;
use seeded::Seeded;
use table::Row;

mod arguments;
mod folder;
mod machine;
mod measurement;
mod orders;
mod page;
mod programs;
mod reads;
mod revoke;
mod seeded;
mod server;
mod start;
mod table;
mod tokens;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// The shared state of all measurements.
struct Bench<'p> {
    arguments: Arguments,
    programs: &'p Programs,
    folder: Folder,
    engine: Engine,
    sqlite: Seeded<'p>,
}

/// Builds, measures and prints. Only a complete run writes the page, so that all of its numbers are of the same day.
pub(crate) fn run(arguments: &[String]) -> Fallible<bool> {
    let arguments = Arguments::read(arguments)?;
    let programs = Programs::build(&arguments.profile, arguments.no_build)?;
    let folder = Folder::make(&programs)?;
    let machine = machine::read(&programs, &folder)?;
    println!("{machine}\n");
    let engine = if arguments.needs_postgres() {
        postgres::find()?
    } else {
        Engine::Missing("not selected".to_owned())
    };
    let sqlite = Seeded::on_sqlite(&programs, folder.subfolder("sqlite")?)?;
    let bench = Bench {
        arguments,
        programs: &programs,
        folder,
        engine,
        sqlite,
    };

    let mut rows = Vec::new();
    for (names, measure) in WORKLOADS {
        if names.iter().any(|name| bench.arguments.includes(name)) {
            println!("measuring {}", names.join(" and "));
            rows.extend(measure(&bench)?);
        }
    }
    let missing = match &bench.engine {
        Engine::Missing(reason) if bench.arguments.needs_postgres() => {
            format!("NOT MEASURED: P4 and P7 on PostgreSQL: {reason}\n")
        }
        _ => String::new(),
    };
    let measurements = format!("{}\n{missing}", table::markdown(&rows));
    println!("\n{measurements}");
    if bench.arguments.is_complete() {
        page::write(&project::root(), &machine, &bench, &measurements)?;
        println!("written to {}", page::PATH);
    }
    Ok(true)
}

/// A workload: its names, and the function that measures it.
type Workload = (&'static [&'static str], fn(&Bench<'_>) -> Fallible<Vec<Row>>);

const WORKLOADS: [Workload; 7] = [
    (&["P1"], reads::product),
    (&["P2"], reads::orders),
    (&["P3", "P6"], orders::on_sqlite),
    (&["P4"], orders::on_postgres),
    (&["P5"], tokens::sign_in),
    (&["P7"], revoke::measure),
    (&["P10"], start::measure),
];

impl Bench<'_> {
    /// Runs both sides alternately, as often as requested; returns the median of each.
    fn alternate(
        &self,
        mut product: impl FnMut() -> Fallible<Measurement>,
        mut baseline: impl FnMut() -> Fallible<Measurement>,
    ) -> Fallible<(Measurement, Measurement)> {
        let (mut product_runs, mut baseline_runs) = (Vec::new(), Vec::new());
        for _ in 0..self.arguments.rounds {
            product_runs.push(product()?);
            baseline_runs.push(baseline()?);
        }
        Ok((
            Measurement::median(&product_runs),
            Measurement::median(&baseline_runs),
        ))
    }

    fn seconds(&self) -> String {
        self.arguments.seconds.to_string()
    }
}
