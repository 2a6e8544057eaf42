//! Threads that do blocking work in the order it comes in.
//!
//! Threads of their own rather than the runtime's blocking pool: under load they go from one job to the next without
//! being put to sleep and woken, which costs more than a short read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use crate::database::error::DatabaseError;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads with one queue. Dropping it lets them finish what is queued and end.
pub(super) struct Crew {
    desk: Arc<Desk>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    room: usize,
}

#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Crew {
    /// Starts `size` threads; at most `room` jobs may wait.
    pub(super) fn start(size: usize, room: usize) -> Result<Self, DatabaseError> {
        let crew = Self {
            desk: Arc::default(),
            threads: Mutex::default(),
            room,
        };
        for _ in 0..size.max(1) {
            let desk = Arc::clone(&crew.desk);
            let thread = std::thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || desk.serve());
            let thread =
                thread.map_err(|error| DatabaseError::unavailable(format!("no thread to read: {error}")))?;
            crew.threads.lock().push(thread);
        }
        Ok(crew)
    }

    /// Queues a job.
    pub(super) fn send(&self, job: Job) -> Result<(), DatabaseError> {
        let mut state = self.desk.state.lock();
        if state.closed {
            return Err(DatabaseError::unavailable("the database is closed"));
        }
        if state.jobs.len() >= self.room {
            return Err(DatabaseError::unavailable("too many reads wait"));
        }
        state.jobs.push_back(job);
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.desk.work.notify_one();
        }
        Ok(())
    }

    /// Takes no more jobs.
    pub(super) fn close(&self) {
        self.desk.state.lock().closed = true;
        self.desk.work.notify_all();
    }

    /// Waits until all that was queued is done. Blocks, and must not be called by a job.
    pub(super) fn join(&self) {
        self.close();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reading thread panicked");
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.close();
    }
}

impl Desk {
    fn serve(&self) {
        while let Some(job) = self.next() {
            // A job answers for its own panics; this is for those of a caller's types that panic when dropped.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a read broke off with a panic");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            self.work.wait(&mut state);
            state.idle -= 1;
        }
    }
}
