//! What is durable: the thread that syncs the write-ahead log, and what waits for it.
//!
//! A COMMIT of the writer only appends to the log. This thread then syncs the log, once for all COMMITs that happened
//! meanwhile, and answers their members; the writer runs the next group in that time. Nothing leaves the process
//! before it is durable: no answer of a write, and no result of a read that may have seen a COMMIT that is not.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::watch;

use super::checkpoint::LogEmptier;
use super::member::QueuedWrite;
use crate::database::counters::Tally;
use crate::database::error::DatabaseError;
use crate::database::options::{DatabaseOptions, SyncHook};

/// A group after its COMMIT, or after its end without one.
pub(super) struct Committed {
    /// From [`Durability::begin`]; for a group without a COMMIT that of the last one.
    pub(super) number: u64,
    /// To be answered once all COMMITs up to `number` are durable.
    pub(super) members: Vec<QueuedWrite>,
    /// The log grew.
    pub(super) wrote: bool,
    /// A row changed.
    pub(super) changed: bool,
}

/// The numbers of the last COMMIT that began and of the last that is durable.
#[derive(Clone)]
pub(super) struct Durability {
    begun: Arc<AtomicU64>,
    durable: watch::Receiver<u64>,
}

impl Durability {
    /// Numbers a COMMIT. Called before it, since readers see it while it returns.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The number of the last COMMIT that began.
    pub(super) fn last(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// Waits until every COMMIT that a snapshot of this moment, or an earlier one, may have seen is durable.
    pub(super) async fn wait(&self) {
        let seen = self.last();
        if *self.durable.borrow() >= seen {
            return;
        }
        // An error means that the thread has ended; all that it will ever answer is answered.
        let _ = self.durable.clone().wait_for(|durable| *durable >= seen).await;
    }
}

/// The syncing thread. It ends when it is joined and has answered everything.
pub(super) struct SyncThread {
    committed: Option<Sender<Committed>>,
    thread: Option<JoinHandle<()>>,
}

impl SyncThread {
    pub(super) fn start(
        path: &Path,
        options: &DatabaseOptions,
        emptier: LogEmptier,
        tally: Arc<Tally>,
    ) -> Result<(Self, Durability), DatabaseError> {
        let (committed, queue) = channel();
        let (durable, watched) = watch::channel(0);
        let log = Log {
            path: log_of(path),
            file: None,
            before_sync: options.fault_injection.before_sync.clone(),
        };
        let mut syncing = Syncing {
            log,
            emptier,
            distrusted: false,
            durable,
            tally,
        };
        let thread = std::thread::Builder::new()
            .name("sqlite-sync".to_owned())
            .spawn(move || syncing.serve(&queue))
            .map_err(|error| DatabaseError::unavailable(format!("no thread to sync the log: {error}")))?;
        let durability = Durability {
            begun: Arc::default(),
            durable: watched,
        };
        let started = Self {
            committed: Some(committed),
            thread: Some(thread),
        };
        Ok((started, durability))
    }

    /// Answers the members once they are durable.
    pub(super) fn send(&self, committed: Committed) {
        // Fails only if the thread has panicked: then the members are dropped, and their callers get the error
        // that the outcome is unknown.
        let sent = self.committed.as_ref().map(|queue| queue.send(committed));
        if !matches!(sent, Some(Ok(()))) {
            tracing::error!("the thread that syncs the log has ended");
        }
    }

    /// Waits until everything is answered.
    pub(super) fn join(&mut self) {
        self.committed = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that syncs the log panicked");
        }
    }
}

/// The path of the write-ahead log of a database file.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// The log's file, opened when there is something in it to sync.
struct Log {
    path: PathBuf,
    file: Option<File>,
    before_sync: Option<SyncHook>,
}

impl Log {
    fn sync(&mut self) -> io::Result<()> {
        if let Some(hook) = &self.before_sync {
            (hook.0)()?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(&self.path)?),
        };
        file.sync_data()
    }
}

struct Syncing {
    log: Log,
    emptier: LogEmptier,
    /// A sync failed. The kernel reports that only once and may have dropped what it could not write, so a later sync
    /// proves nothing until the log was emptied.
    distrusted: bool,
    durable: watch::Sender<u64>,
    tally: Arc<Tally>,
}

impl Syncing {
    fn serve(&mut self, queue: &Receiver<Committed>) {
        while let Ok(first) = queue.recv() {
            let mut groups = vec![first];
            groups.extend(queue.try_iter());
            let failure = if groups.iter().any(|group| group.wrote) {
                self.make_durable().err()
            } else {
                None
            };
            if let Some(last) = groups.last() {
                self.durable.send_replace(last.number);
            }
            groups
                .into_iter()
                .for_each(|group| self.answer(group, failure.as_ref()));
        }
    }

    /// Syncs the log; where that fails, copies it into the database file, which is synced as well.
    fn make_durable(&mut self) -> io::Result<()> {
        if !self.distrusted {
            let Err(error) = self.log.sync() else {
                return Ok(());
            };
            tracing::error!(%error, "the write-ahead log could not be synced");
            self.distrusted = true;
        }
        if self.emptier.empty() {
            self.distrusted = false;
            return Ok(());
        }
        Err(io::Error::other(
            "the log could not be synced, and not be copied into the database file",
        ))
    }

    fn answer(&self, group: Committed, failure: Option<&io::Error>) {
        match failure {
            Some(failure) if group.wrote => {
                self.tally.commit_failed();
                for member in group.members {
                    member.refuse(DatabaseError::unavailable(format!(
                        "the storage failed, so whether the write will last is unknown: {failure}"
                    )));
                }
            }
            _ => {
                if group.wrote {
                    self.tally.committed(group.members.len(), group.changed);
                }
                group.members.into_iter().for_each(|member| member.answer());
            }
        }
    }
}
