//! The load generator: many connections on one thread, each sending its next request as soon as it got an answer.

mod connection;
mod histogram;
mod script;

pub(crate) use connection::Connection;
pub(crate) use histogram::Histogram;
pub(crate) use script::{Workload, get, post};

use crate::cpu;
use crate::error::BenchError;
use crate::measured::Measured;
use crate::seed::Seed;
use mainstay_platform::stopwatch::Stopwatch;
use script::{Script, scripts};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

/// The server and the load.
#[derive(clap::Args)]
pub(crate) struct Load {
    workload: Workload,
    /// Address of the server.
    #[arg(long)]
    address: SocketAddr,
    /// The file that `prepare` wrote.
    #[arg(long)]
    seed: PathBuf,
    /// Process id of the server, to measure its resource usage.
    #[arg(long)]
    process: u32,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Duration of the warm-up, whose answers are not counted.
    #[arg(long, default_value_t = 1000)]
    warm_up_ms: u64,
}

/// The counters of the measurement.
struct Tally {
    count: u64,
    took: Histogram,
    unexpected: BTreeMap<u16, u64>,
    complaint: Option<String>,
}

impl Tally {
    fn new() -> Self {
        Self {
            count: 0,
            took: Histogram::new(),
            unexpected: BTreeMap::new(),
            complaint: None,
        }
    }

    fn count_unexpected(&mut self, status: u16, text: impl FnOnce() -> String) {
        *self.unexpected.entry(status).or_default() += 1;
        self.complaint.get_or_insert_with(text);
    }
}

impl Load {
    /// Loads the server for the given time.
    pub(crate) async fn run(self) -> Result<Measured, BenchError> {
        let seed = Seed::read(&self.seed)?;
        let tally = Rc::new(RefCell::new(Tally::new()));
        let local = LocalSet::new();
        for script in scripts(self.workload, seed, self.connections, std::process::id()) {
            let connection = Connection::open(self.address).await?;
            local.spawn_local(drive(connection, script, Rc::clone(&tally)));
        }
        // Dropping the local set drops the connections in whatever state they are.
        local.run_until(self.watch(&tally)).await
    }

    async fn watch(&self, tally: &RefCell<Tally>) -> Result<Measured, BenchError> {
        tokio::time::sleep(Duration::from_millis(self.warm_up_ms)).await;
        let warm_up = tally.replace(Tally::new());
        let (watch, server, own) = (Stopwatch::start(), cpu::of(self.process), cpu::own());
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        let tally = tally.replace(Tally::new());
        // A failure during the warm-up counts as a failure of the measurement.
        let (unexpected, complaint) = if warm_up.unexpected.is_empty() {
            (tally.unexpected, tally.complaint)
        } else {
            (warm_up.unexpected, warm_up.complaint)
        };
        Ok(Measured {
            count: tally.count,
            elapsed_us: watch.micros(),
            cpu_us: cpu::of(self.process).saturating_sub(server),
            generator_cpu_us: cpu::own().saturating_sub(own),
            p50_us: tally.took.percentile(50),
            p99_us: tally.took.percentile(99),
            max_us: tally.took.max(),
            peak_kib: cpu::peak_kib(self.process),
            unexpected,
            complaint,
        })
    }
}

async fn drive(mut connection: Connection, mut script: Script, tally: Rc<RefCell<Tally>>) {
    loop {
        let watch = Stopwatch::start();
        match connection.exchange(script.request()).await {
            Ok((status, body)) if status == script.expected() => {
                let next = script.answered(body);
                let mut tally = tally.borrow_mut();
                tally.count += 1;
                tally.took.add(watch.micros());
                if let Err(error) = next {
                    return tally.count_unexpected(status, || format!("{error:?}"));
                }
            }
            Ok((status, body)) => {
                let text = || {
                    format!(
                        "{status} {}",
                        String::from_utf8_lossy(&body[..body.len().min(300)])
                    )
                };
                tally.borrow_mut().count_unexpected(status, text);
            }
            Err(broken) => return tally.borrow_mut().count_unexpected(0, || broken.to_string()),
        }
    }
}

/// Polls `/health/ready` every millisecond until it succeeds; only `elapsed_us` is filled in.
pub(crate) async fn ready(address: SocketAddr) -> Result<Measured, BenchError> {
    let watch = Stopwatch::start();
    while watch.elapsed() < Duration::from_secs(10) {
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok((200, _)) = connection
                .exchange(b"GET /health/ready HTTP/1.1\r\nHost: bench\r\n\r\n")
                .await
        {
            return Ok(Measured {
                elapsed_us: watch.micros(),
                ..Measured::default()
            });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err(BenchError::new("the server was not ready in ten seconds"))
}
