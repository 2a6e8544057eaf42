//! The database API: the same SQL text on SQLite and PostgreSQL.
//!
//! A transaction's body is a closure that receives a [`Tx`]. [`Database::write`] runs it as a transaction: on `Ok`
//! its changes are durable, on `Err` none remains, except where the error says that the outcome is unknown.
//! [`Database::read`] runs it on a snapshot and never waits for a writer.
//!
//! A statement that reads is a [`Select`]. One that changes rows is a [`Change`], which declares its table and the
//! actions that it serves, and is executed with a [`Permit`](mainstay_domain::access::Permit) for one of these actions
//! and for that row; or an [`InternalChange`] of a table of Mainstay's own.
//!
//! On SQLite all writes run on one thread, and those that wait at the same time share one COMMIT. On PostgreSQL each is a transaction of its own. On both engines a body may run more than once, so it must
//! not change anything outside of its transaction; and it must not await anything but its transaction, or it fails
//! with [`DatabaseError::WaitedElsewhere`].

mod bounded;
mod classify;
mod column;
mod conflict;
mod counters;
mod erased;
mod error;
mod ids;
mod internal;
mod meaning;
mod options;
mod param;
mod postgres;
mod row;
mod rows;
mod sql;
mod sqlite;
mod statement;
mod text;
mod tx;
mod undone;
mod value;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use self::column::Column;
pub use self::conflict::Conflict;
pub use self::counters::{Counters, LastWrite};
pub use self::error::{DatabaseError, Retryable};
pub use self::internal::{InternalChange, InternalTable};
pub use self::options::{DatabaseOptions, FaultInjection, SyncHook, sqlite_path, sqlite_url};
pub use self::param::{Json, JsonRef, Param};
pub use self::postgres::postgres_client;
pub(crate) use self::postgres::tls::postgres_config;
pub use self::row::{FromRow, Row};
pub use self::sql::Sql;
pub use self::sqlite::sqlite_connection;
pub use self::statement::{Authorized, BulkChange, Change, Select};
pub use self::text::AsText;
pub use self::tx::{Stats, Tx};
pub use self::value::Value;

use self::counters::Tally;
use self::options::DatabaseLocation;
use self::postgres::Postgres;
use self::sqlite::{RUNS, Sqlite};

/// The supported database engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file, inside this process.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// How far a write is isolated from others on PostgreSQL. On SQLite writes always run one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement reads what was committed before it started.
    ReadCommitted,
    /// As if all transactions ran one after another; conflicting ones run again.
    Serializable,
}

/// How a read runs. On PostgreSQL the last two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMode {
    /// One short statement, which is a snapshot by itself and needs no transaction around it. Runs on the calling
    /// thread, which SQLite blocks. A second statement is refused.
    Single,
    /// On the calling thread, which SQLite blocks: for reads known to be short.
    InPlace,
    /// On a reading thread, on SQLite.
    Thread,
}

/// An open database. A clone is a handle to the same one.
#[derive(Clone)]
pub struct Database {
    inner: Inner,
}

#[derive(Clone)]
enum Inner {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database that the URL names and checks that it responds. Creates a SQLite file that does not exist.
    ///
    /// # Errors
    /// [`DatabaseError::Options`] if the URL is not a database URL, otherwise why it cannot be opened.
    pub async fn open(options: &DatabaseOptions) -> Result<Self, DatabaseError> {
        let inner = match options.place()? {
            DatabaseLocation::Postgres => Inner::Postgres(Arc::new(Postgres::open(options).await?)),
            DatabaseLocation::Sqlite(_) => {
                let options = options.clone();
                let opened = tokio::task::spawn_blocking(move || Sqlite::open(&options)).await;
                let opened = opened.map_err(|error| DatabaseError::unavailable(error.to_string()))?;
                Inner::Sqlite(Arc::new(opened?))
            }
        };
        Ok(Self { inner })
    }

    /// The engine of this database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs the body as a transaction and commits it if it returns `Ok`. The body may run up to ten times, when
    /// another transaction conflicts or it returns [`DatabaseError::Retry`]; only the last run counts.
    ///
    /// If the caller drops the future, the transaction still runs to its end, or never starts.
    ///
    /// # Errors
    /// The body's own, after its changes are undone; or why the transaction could not be committed.
    pub async fn write<T, E, F>(&self, isolation: Isolation, body: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Retryable + Send + 'static,
    {
        let (slot, body) = erased::write(body);
        let outcome = slot.settle(match &self.inner {
            Inner::Sqlite(sqlite) => sqlite.write(body).await,
            Inner::Postgres(postgres) => postgres.write(isolation, body).await,
        });
        let failure = outcome.as_ref().err().and_then(Retryable::database);
        if failure.is_some_and(DatabaseError::is_storage_failure) {
            self.tally().write_refused();
        }
        outcome
    }

    /// Runs the body, once, on a read-only snapshot.
    ///
    /// # Errors
    /// The body's own, or why the snapshot could not be taken.
    pub async fn read<T, E, F>(&self, mode: ReadMode, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        match &self.inner {
            Inner::Sqlite(sqlite) => sqlite.read(mode, body).await,
            Inner::Postgres(postgres) => {
                let (slot, body) = erased::read(body);
                slot.settle(postgres.read(mode, body).await)
            }
        }
    }

    /// Checks that the database responds and accepts writes. Writes nothing, so a full disk is only noticed at the
    /// next write.
    ///
    /// # Errors
    /// Why it does not respond or accept writes.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        match &self.inner {
            Inner::Sqlite(sqlite) if !sqlite.is_open() => {
                Err(DatabaseError::unavailable("the database is closed"))
            }
            Inner::Sqlite(sqlite) => {
                const ONE: &Select = &Select::new(crate::sql!("SELECT 1"));
                self.read(ReadMode::Thread, |tx| {
                    Box::pin(async move { tx.one::<i64>(ONE, &[]).await })
                })
                .await?;
                sqlite.ping().await
            }
            Inner::Postgres(postgres) => postgres.ping().await,
        }
    }

    /// Counters since the database was opened, and the number of callers waiting now, for the metrics.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match &self.inner {
            Inner::Sqlite(sqlite) => sqlite.counters(),
            Inner::Postgres(postgres) => postgres.counters(),
        }
    }

    /// The outcome of the last write; `None` before the first. A recent success is the best available proof
    /// that the next one will succeed; see [`Database::ping`] for what that does not detect.
    #[must_use]
    pub fn last_write(&self) -> Option<LastWrite> {
        self.tally().last_write()
    }

    fn tally(&self) -> &Tally {
        match &self.inner {
            Inner::Sqlite(sqlite) => sqlite.tally(),
            Inner::Postgres(postgres) => postgres.tally(),
        }
    }

    /// Accepts no more work, finishes the queued writes, empties SQLite's log and ends its threads.
    pub async fn close(&self) {
        match &self.inner {
            Inner::Sqlite(sqlite) => sqlite.close().await,
            Inner::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Logs a body's panic and converts it to an error.
fn panicked(panic: &(dyn Any + Send)) -> DatabaseError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of unknown kind");
    tracing::error!(panic = text, "a transaction panicked and was undone");
    DatabaseError::Panicked {
        message: text.to_owned(),
    }
}
