//! The outputs of log lines, and the thread that writes to them.
//!
//! The sink copies a line into a buffer, and a thread writes the whole buffer a few milliseconds later: one wake-up and
//! one system call for many lines. Sending each line through a channel instead costs the caller a wake-up per line.

use parking_lot::{Condvar, Mutex};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::Level;

/// How long lines are collected before the thread writes them; it writes errors at once.
const COLLECT_INTERVAL: Duration = Duration::from_millis(10);
/// Size in bytes from which the buffer is written without waiting for further lines.
const FULL_BUFFER: usize = 256 * 1024;
/// Bytes that may wait per output. Beyond that the sink drops lines and counts them: logs never block a server or
/// exhaust its memory.
const MAX_COUNT: usize = 8 * 1024 * 1024;

/// The outputs of a process; each line ends in a newline.
#[derive(Default)]
pub struct Outputs {
    /// Usually standard output.
    pub console: Option<Box<dyn Write + Send>>,
    /// Every line.
    pub combined: Option<Box<dyn Write + Send>>,
    /// The lines of level ERROR.
    pub errors: Option<Box<dyn Write + Send>>,
}

/// The outputs that a line is for; outputs that are not configured are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTarget {
    /// Console and files.
    All,
    /// The console alone: lines for reading on a terminal.
    Console,
    /// The files alone, when the console has its own form of the line.
    Files,
}

/// Accepts log lines. Cheap to clone; all clones share the buffers.
#[derive(Clone)]
pub struct LogSink(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    written: Condvar,
    dropped: AtomicU64,
    has: Buffers<bool>,
}

#[derive(Default)]
struct Buffers<T> {
    console: T,
    combined: T,
    errors: T,
}

#[derive(Default)]
struct Queue {
    waiting: Buffers<Vec<u8>>,
    /// Write now instead of collecting further lines.
    urgent: bool,
    /// Flush the outputs although no line waits for them, so that files open their paths again.
    reopen: bool,
    closed: bool,
    /// Lines accepted and lines written, so that a flush knows when it is done.
    taken: u64,
    done: u64,
}

impl LogSink {
    /// Starts the writing thread. Dropping the guard writes the remaining lines and ends the thread.
    ///
    /// # Errors
    /// When the operating system cannot start a thread.
    pub fn start(outputs: Outputs) -> io::Result<(Self, LogGuard)> {
        let sink = Self::over(Buffers {
            console: outputs.console.is_some(),
            combined: outputs.combined.is_some(),
            errors: outputs.errors.is_some(),
        });
        let shared = Arc::clone(&sink.0);
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || shared.run(outputs))?;
        Ok((
            sink.clone(),
            LogGuard {
                sink,
                thread: Some(thread),
            },
        ))
    }

    /// A sink for tests: it stores the lines for [`LogSink::take`] and has no thread.
    pub fn memory() -> Self {
        Self::over(Buffers {
            console: true,
            combined: true,
            errors: true,
        })
    }

    /// The lines written since the last call: console, combined, errors. For [`LogSink::memory`].
    pub fn take(&self) -> [String; 3] {
        let waiting = std::mem::take(&mut self.0.queue.lock().waiting);
        [waiting.console, waiting.combined, waiting.errors]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Accepts a whole line, with its newline. Never waits for an output.
    pub fn write(&self, target: LogTarget, level: Level, line: &[u8]) {
        let shared = &*self.0;
        let (console, files) = (target != LogTarget::Files, target != LogTarget::Console);
        let error = level == Level::ERROR;
        let mut queue = shared.queue.lock();
        let Queue { waiting, .. } = &mut *queue;
        let idle = waiting.is_empty();
        let mut kept = true;
        let mut put = |wanted: bool, buffer: &mut Vec<u8>| match wanted {
            true if buffer.len() + line.len() <= MAX_COUNT => buffer.extend_from_slice(line),
            true => kept = false,
            false => {}
        };
        put(console && shared.has.console, &mut waiting.console);
        put(files && shared.has.combined, &mut waiting.combined);
        put(files && error && shared.has.errors, &mut waiting.errors);
        let hurry = !queue.urgent && (error || queue.waiting.longest() > FULL_BUFFER);
        queue.urgent |= hurry;
        queue.taken += 1;
        drop(queue);
        if !kept {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        if idle || hurry {
            shared.filled.notify_one();
        }
    }

    /// Waits until every line accepted so far has reached its outputs.
    pub fn flush(&self) {
        let mut queue = self.0.queue.lock();
        let taken = queue.taken;
        queue.urgent = true;
        self.0.filled.notify_one();
        while queue.done < taken && !queue.closed {
            self.0.written.wait(&mut queue);
        }
    }

    /// Makes log files open their paths again, also when no line waits for them: after `logrotate` has renamed them.
    pub fn reopen(&self) {
        let mut queue = self.0.queue.lock();
        (queue.reopen, queue.urgent) = (true, true);
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Lines lost so far, because an output was too slow or failed.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Whether lines also go to files.
    pub(super) fn has_files(&self) -> bool {
        self.0.has.combined || self.0.has.errors
    }

    fn over(has: Buffers<bool>) -> Self {
        let (queue, filled, written) = (Mutex::default(), Condvar::new(), Condvar::new());
        Self(Arc::new(Shared {
            queue,
            filled,
            written,
            dropped: AtomicU64::new(0),
            has,
        }))
    }
}

impl Buffers<Vec<u8>> {
    fn is_empty(&self) -> bool {
        self.console.is_empty() && self.combined.is_empty() && self.errors.is_empty()
    }

    fn longest(&self) -> usize {
        self.console.len().max(self.combined.len()).max(self.errors.len())
    }
}

impl Shared {
    fn run(&self, mut outputs: Outputs) {
        let mut batch = Buffers::default();
        loop {
            let mut queue = self.queue.lock();
            while queue.waiting.is_empty() && !queue.closed && !queue.reopen {
                // A caller that flushes an empty buffer must not wait for the next line.
                (queue.done, queue.urgent) = (queue.taken, false);
                self.written.notify_all();
                self.filled.wait(&mut queue);
            }
            if !queue.urgent && !queue.closed {
                self.filled.wait_while_for(
                    &mut queue,
                    |queue| !queue.urgent && !queue.closed,
                    COLLECT_INTERVAL,
                );
            }
            std::mem::swap(&mut queue.waiting, &mut batch);
            queue.urgent = false;
            let (taken, closed, reopen) = (queue.taken, queue.closed, std::mem::take(&mut queue.reopen));
            drop(queue);
            self.emit(outputs.console.as_deref_mut(), &mut batch.console);
            self.emit(outputs.combined.as_deref_mut(), &mut batch.combined);
            self.emit(outputs.errors.as_deref_mut(), &mut batch.errors);
            if reopen {
                let files = [&mut outputs.combined, &mut outputs.errors];
                for file in files.into_iter().flatten() {
                    // A file that cannot be opened again stays the open one; the next write retries.
                    let _ = file.flush();
                }
            }
            self.queue.lock().done = taken;
            self.written.notify_all();
            if closed {
                return;
            }
        }
    }

    /// Writes and empties a buffer. A failure can only be reported by the count of lost lines.
    fn emit(&self, output: Option<&mut (dyn Write + Send + 'static)>, buffer: &mut Vec<u8>) {
        let Some(output) = output.filter(|_| !buffer.is_empty()) else {
            return;
        };
        if output.write_all(buffer).and_then(|()| output.flush()).is_err() {
            let lines = buffer.iter().filter(|byte| **byte == b'\n').count();
            self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
        }
        buffer.clear();
        // Memory that a burst needed must not stay allocated for ever.
        buffer.shrink_to(FULL_BUFFER);
    }
}

/// Owns the writing thread; drop it last.
#[must_use = "dropping it ends the logs"]
pub struct LogGuard {
    sink: LogSink,
    thread: Option<JoinHandle<()>>,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.sink.0.queue.lock().closed = true;
        self.sink.0.filled.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread can only have panicked inside an output; nothing can be done about it here.
            let _ = thread.join();
        }
        // No thread writes any more: callers that wait in a flush must not wait for ever.
        self.sink.0.written.notify_all();
    }
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
