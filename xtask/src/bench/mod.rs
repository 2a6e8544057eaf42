//! `cargo xtask bench`: the release binary and its floors, measured in turn in one run, as a table and as a page.

use std::error::Error;

use crate::project;
use crate::test::postgres::{self, Engine};
use arguments::Arguments;
use figure::Figure;
use folder::Folder;
use programs::Programs;
use seeded::Seeded;
use table::Row;

mod arguments;
mod figure;
mod folder;
mod machine;
mod orders;
mod page;
mod programs;
mod reads;
mod seeded;
mod served;
mod start;
mod table;
mod tokens;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// What every measurement needs.
struct Bench<'p> {
    arguments: Arguments,
    programs: &'p Programs,
    folder: Folder,
    engine: Engine,
    sqlite: Seeded<'p>,
}

/// Builds, measures and tells. The page is written by a whole run only: else its figures would be of several days.
pub(crate) fn run(given: &[String]) -> Fallible<bool> {
    let arguments = Arguments::read(given)?;
    let programs = Programs::build(arguments.as_built)?;
    let folder = Folder::make(&programs)?;
    let machine = machine::look(&programs, &folder)?;
    println!("{machine}\n");
    let engine = if arguments.wants("P4") {
        postgres::find()?
    } else {
        Engine::Missing("not asked for".to_owned())
    };
    let sqlite = Seeded::on_sqlite(&programs, folder.place("sqlite")?)?;
    let bench = Bench {
        arguments,
        programs: &programs,
        folder,
        engine,
        sqlite,
    };

    let mut rows = Vec::new();
    for (names, measure) in WORKLOADS {
        if names.iter().any(|name| bench.arguments.wants(name)) {
            println!("measuring {}", names.join(" and "));
            rows.extend(measure(&bench)?);
        }
    }
    let missing = match &bench.engine {
        Engine::Missing(why) if bench.arguments.wants("P4") => {
            format!("NOT MEASURED: P4, PostgreSQL: {why}\n")
        }
        _ => String::new(),
    };
    let figures = format!("{}\n{missing}", table::markdown(&rows));
    println!("\n{figures}");
    if bench.arguments.is_whole() {
        page::write(&project::root(), &machine, &bench, &figures)?;
        println!("written to {}", page::PLACE);
    }
    Ok(true)
}

/// A workload: the names it goes by, and what measures it.
type Workload = (&'static [&'static str], fn(&Bench<'_>) -> Fallible<Vec<Row>>);

const WORKLOADS: [Workload; 6] = [
    (&["P1"], reads::product),
    (&["P2"], reads::orders),
    (&["P3", "P6"], orders::on_sqlite),
    (&["P4"], orders::on_postgres),
    (&["P5"], tokens::sign_in),
    (&["P10"], start::measure),
];

impl Bench<'_> {
    /// Lets both sides have their turns, one after the other, as often as was asked; the middle of each.
    fn in_turn(
        &self,
        mut product: impl FnMut() -> Fallible<Figure>,
        mut floor: impl FnMut() -> Fallible<Figure>,
    ) -> Fallible<(Figure, Figure)> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..self.arguments.rounds {
            ours.push(product()?);
            theirs.push(floor()?);
        }
        Ok((Figure::middle(&ours), Figure::middle(&theirs)))
    }

    fn seconds(&self) -> String {
        self.arguments.seconds.to_string()
    }
}
