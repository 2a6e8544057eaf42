//! Checkpoints: copying the write-ahead log back into the database file, beside the writer.
//!
//! A PASSIVE checkpoint blocks no caller, but under readers that overlap without end the log never restarts. When the
//! log passes its bound, the writer itself, between two groups, blocks all writes for as long as the oldest reader
//! takes and empties the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;

use super::error::explain;
use super::open;
use crate::database::counters::Tally;
use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;

/// Frames (pages) written since the last checkpoint that make another one worthwhile: 16 MiB. Pages that are written
/// often are then copied back once instead of four times.
const FRAMES_PER_CHECKPOINT: u64 = 4000;
/// Empties the log and frees its space.
const TRUNCATE: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// How long the writer waits for readers when the log must be emptied.
const MAX_READER_WAIT: Duration = Duration::from_millis(500);

/// The checkpoint thread and the state that the writer shares with it.
pub(super) struct Checkpoints {
    /// SQLite lets only one checkpoint run; the second would fail rather than wait.
    running: Arc<Mutex<()>>,
    frames: Arc<AtomicU64>,
    bound: u64,
    next: u64,
    deadline: Duration,
    tally: Arc<Tally>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread, and installs a hook on `writer` that reports how the log grows. The thread ends when
    /// `writer` is closed.
    pub(super) fn start(
        writer: &mut Connection,
        path: &Path,
        options: &DatabaseOptions,
        tally: Arc<Tally>,
    ) -> Result<Self, DatabaseError> {
        let sql = "PRAGMA page_size";
        let page: i64 = writer
            .query_row(sql, [], |row| row.get(0))
            .map_err(|error| explain(&error, sql))?;
        let bound = options.wal_limit_bytes / u64::try_from(page).unwrap_or(4096).max(512);
        let frames = Arc::new(AtomicU64::new(0));
        let running = Arc::new(Mutex::new(()));
        let connection = open::writer(path, options)?;
        let (signal, signals) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn({
                let (running, tally) = (Arc::clone(&running), Arc::clone(&tally));
                move || passive(&connection, &signals, &running, &tally)
            })
            .map_err(|error| DatabaseError::unavailable(format!("no thread for checkpoints: {error}")))?;
        install_wal_hook(writer, signal, Arc::clone(&frames))?;
        Ok(Self {
            running,
            frames,
            bound,
            next: bound,
            deadline: open::DEADLINE.min(options.wait_limit),
            tally,
            thread: Some(thread),
        })
    }

    /// What empties the log after a sync of it has failed.
    pub(super) fn emptier(&self, path: &Path, options: &DatabaseOptions) -> LogEmptier {
        LogEmptier {
            running: Arc::clone(&self.running),
            frames: Arc::clone(&self.frames),
            path: path.to_owned(),
            options: options.clone(),
        }
    }

    /// Empties the log if it has passed its bound. Called by the writer outside of any transaction.
    pub(super) fn empty_if_over_bound(&mut self, writer: &Connection) {
        let frames = self.frames.load(Ordering::Relaxed);
        if frames <= self.bound {
            self.next = self.bound;
            return;
        }
        if frames < self.next {
            return;
        }
        // Restarted, not truncated: overwriting existing pages of the log is faster than growing the file.
        if self.empty(writer, "PRAGMA wal_checkpoint(RESTART)", MAX_READER_WAIT) {
            self.next = self.bound;
        } else {
            // A reader runs longer than the limit. Stopping all writers for it again and again would not help.
            self.next = frames + self.bound / 4 + 1;
            tracing::warn!(
                frames,
                "the write-ahead log is over its bound and a reader keeps it from being emptied"
            );
        }
    }

    /// Tries to free space after the storage failed: the content of the log may fit into the database file. Returns
    /// whether the log is empty now, so that nothing of a failed COMMIT is left in it.
    pub(super) fn free_space(&self, writer: &Connection, callers_wait: bool) -> bool {
        let deadline = if callers_wait {
            MAX_READER_WAIT
        } else {
            Duration::ZERO
        };
        self.truncate(writer, deadline)
    }

    /// Empties the log and frees its space, waiting for readers; returns whether that succeeded.
    pub(super) fn truncate(&self, writer: &Connection, deadline: Duration) -> bool {
        self.empty(writer, TRUNCATE, deadline)
    }

    fn empty(&self, writer: &Connection, how: &str, deadline: Duration) -> bool {
        let _running = self.running.lock();
        let emptied = writer
            .busy_timeout(deadline)
            .and_then(|()| checkpoint(writer, how));
        if let Err(error) = writer.busy_timeout(self.deadline) {
            tracing::error!(%error, "the writer's busy timeout could not be restored");
        }
        match emptied {
            Ok(true) => {
                Tally::add(&self.tally.checkpoints, 1);
                self.frames.store(0, Ordering::Relaxed);
                true
            }
            Ok(false) => false,
            Err(error) => {
                tracing::error!(%error, "a checkpoint failed");
                false
            }
        }
    }

    /// Waits for the thread, once the writing connection is closed.
    pub(super) fn join(mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

/// Empties the log by a connection of its own, beside the writer.
pub(super) struct LogEmptier {
    running: Arc<Mutex<()>>,
    frames: Arc<AtomicU64>,
    path: PathBuf,
    options: DatabaseOptions,
}

impl LogEmptier {
    /// Copies the log into the database file and syncs that. Returns whether everything committed so far is in it.
    pub(super) fn empty(&self) -> bool {
        let _running = self.running.lock();
        let emptied = open::writer(&self.path, &self.options).and_then(|connection| {
            connection
                .busy_timeout(MAX_READER_WAIT)
                .and_then(|()| checkpoint(&connection, TRUNCATE))
                .map_err(|error| explain(&error, TRUNCATE))
        });
        match emptied {
            Ok(true) => self.frames.store(0, Ordering::Relaxed),
            Ok(false) => tracing::warn!("a reader keeps the write-ahead log from being emptied"),
            Err(ref error) => tracing::error!(%error, "the write-ahead log could not be emptied"),
        }
        matches!(emptied, Ok(true))
    }
}

/// Installs a hook that counts frames after each COMMIT and signals when a checkpoint is due.
fn install_wal_hook(
    writer: &mut Connection,
    signal: SyncSender<()>,
    frames: Arc<AtomicU64>,
) -> Result<(), DatabaseError> {
    let mut last = 0;
    let hook = move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
        let pages = u64::try_from(pages).unwrap_or(0);
        frames.store(pages, Ordering::Relaxed);
        if pages < last {
            last = 0;
        }
        if pages - last >= FRAMES_PER_CHECKPOINT {
            last = pages;
            // A full channel means that a checkpoint is due already.
            let _ = signal.try_send(());
        }
        Ok(())
    };
    writer
        .wal_hook(Some(hook))
        .map_err(|error| explain(&error, "wal_hook"))
}

fn passive(connection: &Connection, signals: &Receiver<()>, running: &Mutex<()>, tally: &Tally) {
    while signals.recv().is_ok() {
        let _running = running.lock();
        match checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            Ok(_) => Tally::add(&tally.checkpoints, 1),
            Err(error) => tracing::error!(%error, "a checkpoint failed"),
        }
    }
}

/// Runs a checkpoint; returns whether it completed unhindered.
fn checkpoint(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    connection
        .query_row(sql, [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
}
