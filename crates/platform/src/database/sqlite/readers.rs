//! Connections that read, beside the writer and never waiting for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tracing::Span;

use super::super::panicked;
use super::link::Link;
use super::once::poll_once;
use super::open;
use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;
use crate::database::tx::{self, Tx};

/// Idle reading connections, and how many reads may run on blocking threads at once.
pub(super) struct Readers {
    idle: Mutex<Vec<Link>>,
    closed: AtomicBool,
    threads: Arc<Semaphore>,
    path: PathBuf,
    options: Arc<DatabaseOptions>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: Arc<DatabaseOptions>) -> Self {
        Self {
            idle: Mutex::new(Vec::with_capacity(options.readers)),
            closed: AtomicBool::new(false),
            threads: Arc::new(Semaphore::new(options.readers.max(1))),
            path,
            options,
        }
    }

    /// Runs the body in a snapshot on the calling thread.
    pub(super) fn here<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<DatabaseError>,
    {
        let link = self.take()?;
        if let Err(error) = link.control("BEGIN") {
            return Err(E::from(super::fault::explain(&error, "BEGIN")));
        }
        let mut tx = Tx::new(tx::Link::Sqlite(link), false);
        // The snapshot is let go below, so nothing half-done is ever looked at after a panic.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let answer =
                poll_once(body(&mut tx)).unwrap_or_else(|| Err(E::from(DatabaseError::WaitedElsewhere)));
            tx.verdict(answer)
        }));
        let answer = ran.unwrap_or_else(|panic| Err(E::from(panicked(&*panic))));
        if let tx::Link::Sqlite(link) = tx.link {
            self.give(link);
        }
        answer
    }

    /// Runs the body in a snapshot on a blocking thread, once one of them is free.
    pub(super) async fn aside<T, E, F>(self: &Arc<Self>, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let threads = Arc::clone(&self.threads).acquire_owned();
        let Ok(permit) = tokio::time::timeout(self.options.wait_limit, threads).await else {
            return Err(E::from(DatabaseError::unavailable("too many reads wait")));
        };
        let readers = Arc::clone(self);
        let span = Span::current();
        let thread = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| readers.here(body))
        });
        thread.await.unwrap_or_else(|error| {
            Err(E::from(DatabaseError::unavailable(format!(
                "the reading thread broke off: {error}"
            ))))
        })
    }

    fn take(&self) -> Result<Link, DatabaseError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(DatabaseError::unavailable("the database is closed"));
        }
        let idle = self.idle.lock().pop();
        match idle {
            Some(link) => Ok(link),
            None => Link::new(open::reader(&self.path, &self.options)?, &self.options),
        }
    }

    /// Ends the snapshot and keeps the connection, unless it is damaged or one too many.
    fn give(&self, link: Link) {
        if let Err(error) = link.control("COMMIT") {
            tracing::warn!(%error, "a snapshot could not be ended; its connection is closed");
            return;
        }
        let mut idle = self.idle.lock();
        if idle.len() < self.options.readers.max(1) && !self.closed.load(Ordering::Acquire) {
            idle.push(link);
        } else {
            drop(idle);
            drop(link);
        }
    }

    /// Takes no more reads. Those that run end by themselves.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.idle.lock().clear();
    }
}
