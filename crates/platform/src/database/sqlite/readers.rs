//! Read-only connections, beside the writer and never waiting for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::Span;

use super::super::panicked;
use super::link::Link;
use super::once::poll_once;
use super::open;
use super::thread_pool::ThreadPool;
use crate::database::ReadMode;
use crate::database::counters::Tally;
use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;
use crate::database::tx::{self, Access, Tx};
use crate::stopwatch::Stopwatch;

/// Idle reading connections, and the threads for reads that may take long.
pub(super) struct Readers {
    idle: Mutex<Vec<Link>>,
    closed: AtomicBool,
    threads: ThreadPool,
    path: PathBuf,
    options: Arc<DatabaseOptions>,
    tally: Arc<Tally>,
}

impl Readers {
    pub(super) fn new(
        path: PathBuf,
        options: Arc<DatabaseOptions>,
        tally: Arc<Tally>,
    ) -> Result<Self, DatabaseError> {
        let threads = ThreadPool::start(options.readers, options.queue_size.max(1))?;
        Ok(Self {
            idle: Mutex::new(Vec::with_capacity(options.readers)),
            closed: AtomicBool::new(false),
            threads,
            path,
            options,
            tally,
        })
    }

    /// Runs the body in a snapshot on the calling thread. A single statement is a snapshot by itself.
    pub(super) fn on_this_thread<T, E, F>(&self, mode: ReadMode, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<DatabaseError>,
    {
        let (mut body, mut answer) = (Some(body), None);
        self.snapshot(mode, &mut |tx| {
            if let Some(body) = body.take() {
                let ran = poll_once(body(tx)).unwrap_or_else(|| Err(E::from(DatabaseError::WaitedElsewhere)));
                answer = Some(tx.verdict(ran));
            }
        })?;
        answer.expect("the snapshot ran the body, which left its answer")
    }

    /// Opens a snapshot, runs the function in it and ends it.
    fn snapshot(&self, mode: ReadMode, run: &mut dyn FnMut(&mut Tx)) -> Result<(), DatabaseError> {
        let link = self.take()?;
        let access = if mode == ReadMode::Single {
            Access::ReadOnce
        } else {
            if let Err(error) = link.control("BEGIN") {
                return Err(super::error::explain(&error, "BEGIN"));
            }
            Access::Read
        };
        let mut tx = Tx::new(tx::Link::Sqlite(link), access);
        // The snapshot is ended below, so no incomplete state is used after a panic.
        let ran = catch_unwind(AssertUnwindSafe(|| run(&mut tx)));
        if let tx::Link::Sqlite(link) = tx.link {
            self.give(link);
        }
        ran.map_err(|panic| {
            Tally::add(&self.tally.panics, 1);
            panicked(&*panic)
        })
    }

    /// Runs the body in a snapshot on a reading thread, once one of them is free.
    pub(super) async fn on_reading_thread<T, E, F>(self: &Arc<Self>, body: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let (readers, span, queued) = (Arc::clone(self), Span::current(), Stopwatch::start());
        self.threads.send(Box::new(move || {
            if reply.is_closed() {
                return;
            }
            let outcome = if queued.elapsed() > readers.options.wait_limit {
                Err(E::from(DatabaseError::unavailable(
                    "the read waited too long for its turn",
                )))
            } else {
                span.in_scope(|| readers.on_this_thread(ReadMode::Thread, body))
            };
            // A caller that was dropped gets no answer.
            let _ = reply.send(outcome);
        }))?;
        answer.await.unwrap_or_else(|_| {
            Err(E::from(DatabaseError::unavailable(
                "the reading thread broke off",
            )))
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

    /// Ends the snapshot and returns the connection to the pool, unless it is broken or the pool is full.
    fn give(&self, link: Link) {
        if !link.is_idle()
            && let Err(error) = link.control("COMMIT")
        {
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

    /// Accepts no more reads and waits for those on threads. Blocks.
    pub(super) fn close(&self) {
        self.threads.join();
        self.closed.store(true, Ordering::Release);
        self.idle.lock().clear();
    }
}
