//! The signals that a server handles.

use crate::error::Outcome;
use mainstay_platform::telemetry::LogSink;
use std::io::{IsTerminal, stdin, stdout};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a server handles. SIGTERM, SIGINT and SIGQUIT request a shutdown. SIGHUP and SIGUSR1 make the log
/// open its files again; but when the terminal is gone, SIGHUP requests a shutdown. SIGUSR2 is ignored. By default each
/// of them would end the process in the middle of requests and jobs.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
    user_1: Signal,
    user_2: Signal,
    sink: LogSink,
    had_terminal: bool,
}

impl Signals {
    /// Handles the signals from now on.
    ///
    /// # Errors
    /// The error of the operating system.
    pub(crate) fn listen(sink: LogSink) -> Outcome<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
            sink,
            had_terminal: has_terminal(),
        })
    }

    /// Waits for the next signal that requests a shutdown, and returns its name; meanwhile acts on the other signals.
    pub(crate) async fn end(&mut self) -> &'static str {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.quit.recv() => return "SIGQUIT",
                _ = self.hang_up.recv() => "SIGHUP",
                _ = self.user_1.recv() => "SIGUSR1",
                _ = self.user_2.recv() => {
                    tracing::info!(signal = "SIGUSR2", "ignored: the signal has no meaning here");
                    continue;
                }
            };
            // The system sends SIGHUP when the terminal is closed, `logrotate` and administrators after renaming logs.
            if name == "SIGHUP" && self.had_terminal && !has_terminal() {
                return name;
            }
            self.sink.reopen();
            tracing::info!(signal = name, "the log files are opened again");
        }
    }
}

/// Whether this process runs in a terminal that still exists.
fn has_terminal() -> bool {
    stdin().is_terminal() || stdout().is_terminal()
}
