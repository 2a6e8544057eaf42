//! The load generator and the baselines of `cargo xtask bench`. Each command does one thing and prints one line of
//! JSON, so that the measured program and the measuring one never share a process.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "results are printed on standard output, and prepared data is kept in files of the benchmark's own"
)]

mod baseline;
mod cpu;
mod databases;
mod error;
mod load;
mod machine;
mod measured;
mod prepare;
mod revoke;
mod seed;

use clap::{Parser, Subcommand};
use error::BenchError;
use serde::Serialize;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The same allocator as the product, so that the baselines do not lose by a slower one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The load generator and the baselines of `cargo xtask bench`.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the properties of the machine, and the time of a sync of 4 KiB in this folder.
    Machine { folder: PathBuf },
    /// Fills a running server through its API, and writes the created ids to a file.
    Prepare(prepare::Prepare),
    /// Loads a running server and measures it.
    Load(load::Load),
    /// Revokes sessions, and measures how long their tokens are accepted.
    Revoke(revoke::Revoke),
    /// Measures a baseline that the product is compared with.
    #[command(subcommand, name = "baseline")]
    Baseline(baseline::Baseline),
    /// Creates or drops a database on a PostgreSQL server.
    #[command(subcommand)]
    Database(databases::Databases),
    /// Measures the time until `/health/ready` succeeds, polling every millisecond.
    Ready { address: SocketAddr },
}

fn main() -> Result<(), BenchError> {
    match Arguments::parse().command {
        Command::Machine { folder } => print(&machine::read(&folder)?),
        Command::Prepare(prepare) => block_on(prepare.run()),
        Command::Load(load) => print(&block_on(load.run())?),
        Command::Revoke(revoke) => print(&block_on(revoke.run())?),
        Command::Baseline(baseline) => baseline.run()?.map_or(Ok(()), |measured| print(&measured)),
        Command::Database(databases) => block_on(databases.run()),
        Command::Ready { address } => print(&block_on(load::ready(address))?),
    }
}

fn print(output: &impl Serialize) -> Result<(), BenchError> {
    println!("{}", serde_json::to_string(output)?);
    Ok(())
}

/// Runs on this thread only, so that the generator leaves the other cores to the server.
fn block_on<T>(work: impl Future<Output = Result<T, BenchError>>) -> Result<T, BenchError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
