//! PostgreSQL: a pool of connections, and transactions that are retried where the server requires it.

mod deadline;
mod error;
pub(super) mod link;
pub(super) mod tls;
mod transaction;
mod value;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::Instrument;

use self::error::{explain, explain_connect};
use super::counters::{Counters, Tally};
use super::erased::{ReadBody, WriteBody};
use super::error::DatabaseError;
use super::options::DatabaseOptions;
use super::undone::Undone;
use super::{Isolation, ReadMode};

/// A pool of connections to one PostgreSQL database.
pub(super) struct Postgres {
    pool: Pool,
    tally: Tally,
    jitter: AtomicU64,
    tls: MakeRustlsConnect,
    wait_limit: Duration,
    /// How long the server may take for one answer; it stops a statement by itself before that.
    answer_limit: Duration,
}

/// Interval between two checks whether a closing pool is empty.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

impl Postgres {
    pub(super) async fn open(options: &DatabaseOptions) -> Result<Self, DatabaseError> {
        let (config, tls) = tls::configure(options)?;
        let manager = Manager::from_config(
            config,
            tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(options.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.wait_limit))
            .create_timeout(Some(options.wait_limit))
            .recycle_timeout(Some(options.wait_limit))
            .build()
            .map_err(|error| DatabaseError::Options {
                reason: error.to_string(),
            })?;
        let jitter = AtomicU64::new(u64::from(std::process::id()));
        let opened = Self {
            pool,
            tally: Tally::default(),
            jitter,
            wait_limit: options.wait_limit,
            answer_limit: options.statement_timeout.saturating_add(options.wait_limit),
            tls,
        };
        opened.ping().await?;
        Ok(opened)
    }

    pub(super) async fn write(self: &Arc<Self>, isolation: Isolation, body: WriteBody) -> Result<(), Undone> {
        // A task of its own, so that a dropped caller leaves no transaction open half-way.
        let task = tokio::spawn(Arc::clone(self).write_to_end(isolation, body).in_current_span());
        task.await.unwrap_or_else(|error| {
            Err(Undone::from(DatabaseError::unavailable(format!(
                "the transaction's task broke off; whether it committed is unknown: {error}"
            ))))
        })
    }

    pub(super) async fn read(self: &Arc<Self>, mode: ReadMode, body: ReadBody) -> Result<(), Undone> {
        let (reply, answer) = oneshot::channel();
        tokio::spawn(Arc::clone(self).read_to_end(mode, body, reply).in_current_span());
        answer.await.unwrap_or_else(|_| {
            Err(Undone::from(DatabaseError::unavailable(
                "the reading task broke off",
            )))
        })
    }

    pub(super) async fn ping(&self) -> Result<(), DatabaseError> {
        const SQL: &str = "SHOW transaction_read_only";
        let client = self.client().await?;
        let answered = tokio::time::timeout(self.wait_limit, client.simple_query(SQL)).await;
        let Ok(answer) = answered else {
            // The query may still be running, so no other caller may get this connection.
            drop(Object::take(client));
            return Err(DatabaseError::unavailable("the server did not answer in time"));
        };
        let answer = answer.map_err(|error| explain(&error, SQL))?;
        let read_only = answer
            .iter()
            .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("on")));
        if read_only {
            drop(Object::take(client));
            self.forget_idle();
            let reason = "the server takes no changes: a standby?".to_owned();
            return Err(DatabaseError::ReadOnly { reason });
        }
        Ok(())
    }

    /// Closes the idle connections: they lead to a read-only server, and the next one may
    /// lead to the server that replaced it.
    fn forget_idle(&self) {
        self.pool.retain(|_, _| false);
    }

    pub(super) fn counters(&self) -> Counters {
        self.tally.read(self.pool.status().waiting)
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Accepts no more work and waits, within the limit, for the running transactions.
    pub(super) async fn close(&self) {
        self.pool.close();
        let closed = async {
            while self.pool.status().size > 0 {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        if tokio::time::timeout(self.wait_limit, closed).await.is_err() {
            tracing::warn!("transactions still run although the database is closed");
        }
    }

    async fn client(&self) -> Result<Object, DatabaseError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(_) => DatabaseError::unavailable("no connection became free in time"),
            PoolError::Closed => DatabaseError::unavailable("the database is closed"),
            PoolError::Backend(error) => explain_connect(&error),
            other => DatabaseError::unavailable(other.to_string()),
        })
    }
}

/// A bare connection and the task that drives it, for migrations before the database is opened. The task ends when the
/// client is dropped.
///
/// # Errors
/// If the URL is wrong or the server cannot be reached.
pub async fn postgres_client(options: &DatabaseOptions) -> Result<(Client, JoinHandle<()>), DatabaseError> {
    let (config, tls) = tls::configure(options)?;
    let connected = config.connect(tls).await;
    let (client, connection) = connected.map_err(|error| explain_connect(&error))?;
    let task = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "the connection to PostgreSQL failed");
        }
    });
    Ok((client, task))
}
