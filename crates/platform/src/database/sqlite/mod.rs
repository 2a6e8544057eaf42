//! SQLite: one writing thread with group commit, one that syncs its log, reading connections beside it, checkpoints in the background.

mod checkpoint;
mod durability;
mod error;
mod group;
pub(super) mod link;
mod member;
mod once;
mod open;
mod readers;
mod thread_pool;
pub(super) mod value;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::Connection;

use self::durability::Durability;
use self::readers::Readers;
use self::writer::Writer;
use super::ReadMode;
use super::counters::{Counters, Tally};
use super::erased::{self, WriteBody};
use super::error::DatabaseError;
use super::options::DatabaseOptions;
use super::tx::Tx;
use super::undone::Undone;

pub(super) use self::group::RUNS;

/// An open SQLite file.
pub(super) struct Sqlite {
    writer: Writer,
    durability: Durability,
    readers: Arc<Readers>,
    tally: Arc<Tally>,
    wait_limit: Duration,
}

impl Sqlite {
    pub(super) fn open(options: &DatabaseOptions) -> Result<Self, DatabaseError> {
        let path = open::path(options)?;
        let tally = Arc::new(Tally::default());
        let (writer, durability) = Writer::start(&path, options, &tally)?;
        let readers = Arc::new(Readers::new(path, Arc::new(options.clone()), Arc::clone(&tally))?);
        Ok(Self {
            writer,
            durability,
            readers,
            tally,
            wait_limit: options.wait_limit,
        })
    }

    pub(super) async fn write(&self, body: WriteBody) -> Result<(), Undone> {
        self.writer.write(body).await
    }

    pub(super) async fn read<T, E, F>(&self, mode: ReadMode, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let outcome = match mode {
            ReadMode::Single | ReadMode::InPlace => self.readers.on_this_thread(mode, body),
            ReadMode::Thread => self.readers.on_reading_thread(body).await,
        };
        self.durability.wait().await;
        outcome
    }

    pub(super) fn is_open(&self) -> bool {
        self.writer.is_open()
    }

    /// Whether the writer executes an empty write within the wait limit.
    pub(super) async fn ping(&self) -> Result<(), DatabaseError> {
        let (slot, body) = erased::write(|_| Box::pin(std::future::ready(Ok::<_, DatabaseError>(()))));
        let answered = tokio::time::timeout(self.wait_limit, self.write(body)).await;
        let silent = |_| Err(DatabaseError::unavailable("the writer does not answer").into());
        slot.settle(answered.unwrap_or_else(silent))
    }

    pub(super) fn counters(&self) -> Counters {
        self.tally.read(self.writer.waiting())
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) async fn close(&self) {
        let readers = Arc::clone(&self.readers);
        if tokio::task::spawn_blocking(move || readers.close())
            .await
            .is_err()
        {
            tracing::error!("the reading threads ended with an error");
        }
        self.writer.close().await;
    }
}

/// A separate connection with write access, for migrations before the database is opened: configured as the writer's,
/// but it syncs the log at each COMMIT by itself.
///
/// # Errors
/// If the URL names no SQLite file or it cannot be opened.
pub fn sqlite_connection(options: &DatabaseOptions) -> Result<Connection, DatabaseError> {
    let connection = open::writer(&open::path(options)?, options)?;
    let sql = "PRAGMA synchronous = FULL";
    connection
        .execute_batch(sql)
        .map_err(|error| error::explain(&error, sql))?;
    Ok(connection)
}
