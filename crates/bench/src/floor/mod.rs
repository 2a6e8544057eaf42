//! The floors: the same work with nothing of the product around it.

mod field;
mod http;
mod list;
mod order;
mod place;
mod place_postgres;
mod sign_in;
mod statement;

use crate::fault::Fault;
use crate::measured::Measured;
use std::path::PathBuf;

/// What the product is compared with.
#[derive(clap::Subcommand)]
pub(crate) enum Floor {
    /// One route of axum that answers these bytes, until it is ended.
    Http { answer: PathBuf },
    /// The statements of a list of orders, one thread a core.
    List {
        form: list::Form,
        #[command(flatten)]
        on: OnSqlite,
    },
    /// The statements of placing an order, one transaction and one sync each.
    Place {
        #[command(flatten)]
        on: OnSqlite,
    },
    /// The same by tokio-postgres.
    PlacePostgres {
        #[arg(long)]
        url: String,
        #[arg(long)]
        seed: PathBuf,
        #[arg(long, default_value_t = 12)]
        connections: u64,
        #[arg(long, default_value_t = 4)]
        seconds: u64,
    },
    /// Argon2id as the product hashes, one thread a core.
    SignIn {
        #[arg(long, default_value_t = 4)]
        seconds: u64,
    },
}

/// A database file that the product made.
#[derive(clap::Args)]
pub(crate) struct OnSqlite {
    #[arg(long)]
    database: PathBuf,
    /// What `prepare` wrote down about it.
    #[arg(long)]
    seed: PathBuf,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

impl Floor {
    /// Measures, or serves until it is no longer wanted.
    pub(crate) fn run(self) -> Result<Option<Measured>, Fault> {
        match self {
            Self::Http { answer } => many()?
                .block_on(http::serve(std::fs::read(answer)?))
                .map(|()| None),
            Self::List { form, on } => list::measure(form, &on).map(Some),
            Self::Place { on } => place::measure(&on).map(Some),
            Self::PlacePostgres {
                url,
                seed,
                connections,
                seconds,
            } => many()?
                .block_on(place_postgres::measure(&url, &seed, connections, seconds))
                .map(Some),
            Self::SignIn { seconds } => sign_in::measure(seconds).map(Some),
        }
    }
}

/// The runtime that the product has: one thread a core.
fn many() -> Result<tokio::runtime::Runtime, Fault> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Measures the same on every core at once, and adds up.
fn on_every_core(measure: impl Fn(u64) -> Result<Measured, Fault> + Sync) -> Result<Measured, Fault> {
    let cores = std::thread::available_parallelism()?.get() as u64;
    let turns: Vec<_> = std::thread::scope(|scope| {
        let measure = &measure;
        let threads: Vec<_> = (0..cores)
            .map(|core| scope.spawn(move || measure(core)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Fault::new("a thread panicked")))
            })
            .collect()
    });
    let mut all = Measured::default();
    for turn in turns {
        let turn = turn?;
        all.count += turn.count;
        all.elapsed_us = all.elapsed_us.max(turn.elapsed_us);
        // Each thread saw what the whole process used.
        all.cpu_us = all.cpu_us.max(turn.cpu_us);
    }
    Ok(all)
}
