//! Captures log output for assertions.

use mainstay_domain::time::Clock;
use mainstay_platform::clock::SystemClock;
use mainstay_platform::config::LogLevel;
use mainstay_platform::telemetry::{AccessLog, LogSink, Logs};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use tracing_subscriber::layer::SubscriberExt as _;

/// The access log lines of one app.
pub(crate) struct RequestLog {
    sink: LogSink,
    lines: Mutex<Vec<Value>>,
}

impl RequestLog {
    pub(crate) fn new() -> Self {
        Self {
            sink: LogSink::memory(),
            lines: Mutex::default(),
        }
    }

    pub(crate) fn writer(&self, clock: Arc<dyn Clock>) -> AccessLog {
        Logs::into_sink(self.sink.clone(), LogLevel::Info, clock).access_log()
    }

    /// Every line so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let mut lines = self.lines.lock();
        let [_, combined, _] = self.sink.take();
        lines.extend(
            combined
                .lines()
                .map(|line| serde_json::from_str(line).expect("a line is JSON")),
        );
        lines.clone()
    }
}

/// The `tracing` output of the whole process, from `DEBUG` up. Shared by all tests, because the subscriber is global.
static PROCESS: LazyLock<(LogSink, Mutex<String>)> = LazyLock::new(|| {
    let sink = LogSink::memory();
    let logs = Logs::into_sink(sink.clone(), LogLevel::Debug, Arc::new(SystemClock));
    // Fails only when a test has set a subscriber of its own, which then receives the records.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(logs.layer()));
    (sink, Mutex::default())
});

/// All `tracing` output of this process so far, including that of other tests.
pub fn captured() -> String {
    let (sink, text) = &*PROCESS;
    let mut text = text.lock();
    let [_, combined, _] = sink.take();
    text.push_str(&combined);
    text.clone()
}

/// Installs the subscriber if needed, and drains the sink into the captured text.
pub(crate) fn keep() {
    let (sink, text) = &*PROCESS;
    let mut text = text.lock();
    let [_, combined, _] = sink.take();
    text.push_str(&combined);
}
