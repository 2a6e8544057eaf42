//! The baselines: the same work with the bare driver or library, without the product.

mod field;
mod http;
mod list;
mod order;
mod place;
mod place_postgres;
mod sign_in;
mod statement;

use crate::error::BenchError;
use crate::measured::Measured;
use std::path::PathBuf;

/// A baseline that the product is compared with.
#[derive(clap::Subcommand)]
pub(crate) enum Baseline {
    /// A single axum route that answers these bytes, until it is killed.
    Http { answer: PathBuf },
    /// The statements of a list of orders, one thread per core.
    List {
        form: list::Form,
        #[command(flatten)]
        on: OnSqlite,
    },
    /// The statements of placing an order, one transaction and one sync per order.
    Place {
        #[command(flatten)]
        on: OnSqlite,
    },
    /// The same with tokio-postgres.
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
    /// Argon2id with the product's parameters, one thread per core.
    SignIn {
        #[arg(long, default_value_t = 4)]
        seconds: u64,
    },
}

/// A database file created by the product.
#[derive(clap::Args)]
pub(crate) struct OnSqlite {
    #[arg(long)]
    database: PathBuf,
    /// The file that `prepare` wrote about it.
    #[arg(long)]
    seed: PathBuf,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
}

impl Baseline {
    /// Measures, or serves until the process is killed.
    pub(crate) fn run(self) -> Result<Option<Measured>, BenchError> {
        match self {
            Self::Http { answer } => multi_threaded()?
                .block_on(http::serve(std::fs::read(answer)?))
                .map(|()| None),
            Self::List { form, on } => list::measure(form, &on).map(Some),
            Self::Place { on } => place::measure(&on).map(Some),
            Self::PlacePostgres {
                url,
                seed,
                connections,
                seconds,
            } => multi_threaded()?
                .block_on(place_postgres::measure(&url, &seed, connections, seconds))
                .map(Some),
            Self::SignIn { seconds } => sign_in::measure(seconds).map(Some),
        }
    }
}

/// A runtime like the product's: one thread per core.
fn multi_threaded() -> Result<tokio::runtime::Runtime, BenchError> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Runs the same measurement on every core at once, and adds up the results.
fn on_every_core(
    measure: impl Fn(u64) -> Result<Measured, BenchError> + Sync,
) -> Result<Measured, BenchError> {
    let cores = std::thread::available_parallelism()?.get() as u64;
    let results: Vec<_> = std::thread::scope(|scope| {
        let measure = &measure;
        let threads: Vec<_> = (0..cores)
            .map(|core| scope.spawn(move || measure(core)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(BenchError::new("a thread panicked")))
            })
            .collect()
    });
    let mut all = Measured::default();
    for result in results {
        let result = result?;
        all.count += result.count;
        all.elapsed_us = all.elapsed_us.max(result.elapsed_us);
        // Each thread measured the CPU time of the whole process.
        all.cpu_us = all.cpu_us.max(result.cpu_us);
    }
    Ok(all)
}
