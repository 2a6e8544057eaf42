//! The load generator and the floors of `cargo xtask bench`. Each command does one thing and prints one line of JSON,
//! so that what is measured and what measures never share a process.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "what was measured is told on standard output, and what was prepared is kept in files of the bench's own"
)]

mod cpu;
mod databases;
mod fault;
mod floor;
mod load;
mod machine;
mod measured;
mod prepare;
mod seed;

use clap::{Parser, Subcommand};
use fault::Fault;
use serde::Serialize;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The product's allocator: the floors must not lose by another one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The load generator and the floors of `cargo xtask bench`.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tells what the machine is, and what a sync of 4 KiB costs in this folder.
    Machine { folder: PathBuf },
    /// Fills a running server by its own doors, and writes down who and what is there now.
    Prepare(prepare::Prepare),
    /// Loads a running server and measures it.
    Load(load::Load),
    /// Measures what the product is compared with.
    #[command(subcommand)]
    Floor(floor::Floor),
    /// Makes or removes a database on a PostgreSQL server.
    #[command(subcommand)]
    Database(databases::Databases),
    /// Times how long a server takes from here to `/health/ready`, asking every millisecond.
    Ready { address: SocketAddr },
}

fn main() -> Result<(), Fault> {
    match Arguments::parse().command {
        Command::Machine { folder } => tell(&machine::look(&folder)?),
        Command::Prepare(prepare) => alone(prepare.run()),
        Command::Load(load) => tell(&alone(load.run())?),
        Command::Floor(floor) => floor.run()?.map_or(Ok(()), |measured| tell(&measured)),
        Command::Database(databases) => alone(databases.run()),
        Command::Ready { address } => tell(&alone(load::ready(address))?),
    }
}

fn tell(told: &impl Serialize) -> Result<(), Fault> {
    println!("{}", serde_json::to_string(told)?);
    Ok(())
}

/// Runs on this thread only: the generator must leave the rest of the machine to the server.
fn alone<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
