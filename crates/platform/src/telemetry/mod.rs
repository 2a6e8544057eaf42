//! Telemetry of a running process: logs, the access log, and metrics.
//!
//! All log lines, of `tracing` and of [`access_log`], go through one [`sink::LogSink`], which passes them to a thread
//! of its own: a request never waits for a terminal, a pipe or a disk. Secrets stay out because they are never passed
//! in: no query string, no header, no body, no text that a panic formatted.

pub mod access_log;
pub mod logs;
pub mod metrics;
mod panics;
pub mod rotation;
pub mod sink;
mod style;

pub use access_log::{AccessLog, RequestLine};
pub use logs::Logs;
pub use metrics::Metrics;
pub use sink::LogSink;
