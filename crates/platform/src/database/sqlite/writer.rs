//! The writing thread and its queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::checkpoint::Checkpoints;
use super::durability::{Durability, SyncThread};
use super::error::explain;
use super::group::Groups;
use super::link::Link;
use super::member::QueuedWrite;
use super::open;
use crate::database::counters::Tally;
use crate::database::erased::WriteBody;
use crate::database::error::DatabaseError;
use crate::database::options::DatabaseOptions;
use crate::database::tx::{self, Access, Tx};
use crate::database::undone::Undone;

/// A handle to the writing thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    wait_limit: Duration,
}

enum Message {
    Run(QueuedWrite),
    Close,
}

impl Writer {
    pub(super) fn start(
        path: &Path,
        options: &DatabaseOptions,
        tally: &Arc<Tally>,
    ) -> Result<(Self, Durability), DatabaseError> {
        let mut connection = open::writer(path, options)?;
        for pragma in &options.fault_injection.writer_pragmas {
            connection
                .execute_batch(pragma)
                .map_err(|error| explain(&error, pragma))?;
        }
        if let Some(refuse) = options.fault_injection.refuse_commits.clone() {
            connection
                .commit_hook(Some(move || refuse.load(std::sync::atomic::Ordering::SeqCst)))
                .map_err(|error| DatabaseError::Options {
                    reason: error.to_string(),
                })?;
        }
        let checkpoints = Checkpoints::start(&mut connection, path, options, Arc::clone(tally))?;
        let (syncing, durability) = SyncThread::start(
            path,
            options,
            checkpoints.emptier(path, options),
            Arc::clone(tally),
        )?;
        let (queue, messages) = mpsc::channel(options.queue_size.max(1));
        let groups = Groups {
            tx: Tx::new(tx::Link::Sqlite(Link::new(connection, options)?), Access::Write),
            durability: durability.clone(),
            syncing,
            tally: Arc::clone(tally),
            size: options.group_size.max(1),
            wait_limit: options.wait_limit,
            guarded: 0,
            storage_failed: false,
            unresolved: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || serve(groups, messages, checkpoints))
            .map_err(|error| DatabaseError::unavailable(format!("no thread for the writer: {error}")))?;
        let writer = Self {
            queue,
            thread: Mutex::new(Some(thread)),
            wait_limit: options.wait_limit,
        };
        Ok((writer, durability))
    }

    /// Queues the body and waits until its changes are durable, or undone.
    pub(super) async fn write(&self, body: WriteBody) -> Result<(), Undone> {
        let (write, answer) = QueuedWrite::new(body);
        self.queue(Message::Run(write)).await?;
        let gone = |_| DatabaseError::unavailable("the writer broke off; whether it committed is unknown");
        answer.await.map_err(gone)?
    }

    async fn queue(&self, message: Message) -> Result<(), DatabaseError> {
        let closed = || DatabaseError::unavailable("the database is closed");
        match self.queue.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(closed()),
            Err(TrySendError::Full(message)) => {
                match tokio::time::timeout(self.wait_limit, self.queue.send(message)).await {
                    Ok(sent) => sent.map_err(|_| closed()),
                    Err(_) => Err(DatabaseError::unavailable("too many writes wait")),
                }
            }
        }
    }

    /// Number of writes waiting now.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether the thread still accepts writes.
    pub(super) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Finishes everything that is queued, empties the log and ends the threads.
    pub(super) async fn close(&self) {
        // Fails only if the queue is closed already.
        let _ = self.queue.send(Message::Close).await;
        let Some(thread) = self.thread.lock().take() else {
            return;
        };
        match tokio::task::spawn_blocking(move || thread.join()).await {
            Ok(Ok(())) => {}
            _ => tracing::error!("the writing thread ended with an error"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "it waits on a thread of its own")]
fn serve(mut groups: Groups, mut messages: mpsc::Receiver<Message>, mut checkpoints: Checkpoints) {
    while let Some(message) = messages.blocking_recv() {
        match message {
            Message::Close => messages.close(),
            Message::Run(first) => {
                // Members catch their own panics; this is for a caller's types that panic when dropped or converted.
                let next = || next(&mut messages);
                if catch_unwind(AssertUnwindSafe(|| groups.run(first, next))).is_err() {
                    tracing::error!("a group of writes ended with a panic");
                    groups.roll_back();
                }
                if std::mem::take(&mut groups.storage_failed) {
                    let callers_wait = !groups.unresolved.is_empty();
                    let emptied = checkpoints.free_space(groups.link().connection(), callers_wait);
                    groups.answer_unresolved(emptied);
                }
                checkpoints.empty_if_over_bound(groups.link().connection());
            }
        }
    }
    groups.syncing.join();
    // Readers are done or end soon; what stays in the log is not lost, opening the file only takes longer.
    checkpoints.truncate(groups.link().connection(), open::DEADLINE);
    drop(groups);
    checkpoints.join();
}

/// The next write, if one is waiting now.
fn next(messages: &mut mpsc::Receiver<Message>) -> Option<QueuedWrite> {
    loop {
        match messages.try_recv() {
            Ok(Message::Run(member)) => return Some(member),
            Ok(Message::Close) => messages.close(),
            Err(_) => return None,
        }
    }
}
