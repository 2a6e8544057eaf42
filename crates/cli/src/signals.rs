//! The signals that a server listens to.

use crate::error::Outcome;
use mainstay_platform::telemetry::LogSink;
use std::io::{IsTerminal, stdin, stdout};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that a server listens to. SIGTERM, SIGINT and SIGQUIT ask for an end. SIGHUP and SIGUSR1 have the log
/// files opened again; but when its terminal has gone away, SIGHUP asks for an end. SIGUSR2 is ignored. Each of them
/// would otherwise end the process with requests and jobs half done.
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
    /// Listens from now on.
    ///
    /// # Errors
    /// What the system says.
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

    /// Waits for the next signal that asks for an end, and names it; meanwhile does what other signals ask for.
    pub(crate) async fn end(&mut self) -> &'static str {
        loop {
            let name = tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.quit.recv() => return "SIGQUIT",
                _ = self.hang_up.recv() => "SIGHUP",
                _ = self.user_1.recv() => "SIGUSR1",
                _ = self.user_2.recv() => {
                    tracing::info!(signal = "SIGUSR2", "ignored: it asks for nothing");
                    continue;
                }
            };
            // The system sends SIGHUP when the terminal is closed, `logrotate` and administrators when logs are renamed.
            if name == "SIGHUP" && self.had_terminal && !has_terminal() {
                return name;
            }
            self.sink.reopen();
            tracing::info!(signal = name, "the log files are opened again");
        }
    }
}

/// Whether this process runs in a terminal that is still there.
fn has_terminal() -> bool {
    stdin().is_terminal() || stdout().is_terminal()
}
