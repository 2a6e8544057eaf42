//! A pool of threads that run blocking jobs in the order they were queued.
//!
//! Its own threads rather than the runtime's blocking pool: under load they go from one job to the next without being
//! put to sleep and woken, which costs more than a short read.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use crate::database::error::DatabaseError;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads with one queue. Dropping it lets them finish what is queued and end.
pub(super) struct ThreadPool {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    capacity: usize,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    job_queued: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl ThreadPool {
    /// Starts `size` threads; at most `capacity` jobs may wait.
    pub(super) fn start(size: usize, capacity: usize) -> Result<Self, DatabaseError> {
        let pool = Self {
            queue: Arc::default(),
            threads: Mutex::default(),
            capacity,
        };
        for _ in 0..size.max(1) {
            let queue = Arc::clone(&pool.queue);
            let thread = std::thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || queue.serve());
            let thread =
                thread.map_err(|error| DatabaseError::unavailable(format!("no thread to read: {error}")))?;
            pool.threads.lock().push(thread);
        }
        Ok(pool)
    }

    /// Queues a job.
    pub(super) fn send(&self, job: Job) -> Result<(), DatabaseError> {
        let mut state = self.queue.state.lock();
        if state.closed {
            return Err(DatabaseError::unavailable("the database is closed"));
        }
        if state.jobs.len() >= self.capacity {
            return Err(DatabaseError::unavailable("too many reads wait"));
        }
        state.jobs.push_back(job);
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.queue.job_queued.notify_one();
        }
        Ok(())
    }

    /// Accepts no more jobs.
    pub(super) fn close(&self) {
        self.queue.state.lock().closed = true;
        self.queue.job_queued.notify_all();
    }

    /// Waits until all queued jobs are done. Blocks, and must not be called by a job.
    pub(super) fn join(&self) {
        self.close();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reading thread panicked");
            }
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn serve(&self) {
        while let Some(job) = self.next() {
            // A job catches its own panics; this is for a caller's types that panic when dropped.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a read ended with a panic");
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
            self.job_queued.wait(&mut state);
            state.idle -= 1;
        }
    }
}
