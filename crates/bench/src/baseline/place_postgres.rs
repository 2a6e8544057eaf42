//! Places orders with bare tokio-postgres: several connections, each with one transaction after another; each statement
//! is prepared once and awaited.

use super::order::Orders;
use crate::databases::connect;
use crate::error::BenchError;
use crate::measured::Measured;
use mainstay_platform::stopwatch::Stopwatch;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

/// Writes on `connections` connections concurrently.
pub(super) async fn measure(
    url: &str,
    seed: &Path,
    connections: u64,
    seconds: u64,
) -> Result<Measured, BenchError> {
    let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut writers = Vec::new();
    for number in 0..connections {
        let writer = Writer {
            client: connect(url).await?,
            prepared: HashMap::new(),
        };
        let orders = Orders::new(seed, number, connections)?;
        writers.push(tokio::spawn(writer.write(
            orders,
            Arc::clone(&count),
            Arc::clone(&stop),
        )));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, watch, cpu) = (
        count.load(Ordering::Relaxed),
        Stopwatch::start(),
        crate::cpu::own(),
    );
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let mut measured = Measured {
        elapsed_us: watch.micros(),
        cpu_us: crate::cpu::own().saturating_sub(cpu),
        ..Measured::default()
    };
    measured.count = count.load(Ordering::Relaxed) - before;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await??;
    }
    Ok(measured)
}

struct Writer {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl Writer {
    async fn write(
        mut self,
        mut orders: Orders,
        count: Arc<AtomicU64>,
        stop: Arc<AtomicBool>,
    ) -> Result<(), BenchError> {
        while !stop.load(Ordering::Relaxed) {
            self.place(&mut orders).await?;
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn place(&mut self, orders: &mut Orders) -> Result<(), BenchError> {
        let (recall, steps) = orders.next();
        for (sql, _) in steps.iter().chain([&recall]) {
            if !self.prepared.contains_key(sql.postgres()) {
                let statement = self.client.prepare(sql.postgres()).await?;
                self.prepared.insert(sql.postgres().to_owned(), statement);
            }
        }
        let transaction = self.client.transaction().await?;
        for (sql, fields) in [&recall].into_iter().chain(&steps) {
            let values: Vec<&(dyn ToSql + Sync)> =
                fields.iter().map(|field| field as &(dyn ToSql + Sync)).collect();
            let statement = &self.prepared[sql.postgres()];
            if statement.columns().is_empty() {
                transaction.execute(statement, &values).await?;
            } else {
                transaction.query(statement, &values).await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}
