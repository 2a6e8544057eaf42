//! A process that reports in lines of JSON, and ends when its standard input does.

use serde_json::Value;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Duration, timeout};

/// How long a process may take to say something that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running process. It is killed when this is dropped, and ends by itself when the test is killed.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program, and reads the first line that it reports.
    ///
    /// # Panics
    /// When it cannot be started, or ends before it has reported.
    pub(crate) async fn start(command: &mut Command) -> (Self, Value) {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let input = child.stdin.take().expect("standard input is a pipe");
        let output = child.stdout.take().expect("standard output is a pipe");
        let output = BufReader::new(output).lines();
        let mut process = Self { child, input, output };
        let first = process.line().await;
        (process, first)
    }

    /// Sends a command; returns what the process answers.
    pub(crate) async fn command(&mut self, command: &Value) -> Value {
        let line = format!("{command}\n");
        let sent = self.input.write_all(line.as_bytes()).await;
        sent.expect("the process reads its standard input");
        self.line().await
    }

    /// The next line that the process reports.
    ///
    /// # Panics
    /// When it reports nothing, or something that is not JSON.
    pub(crate) async fn line(&mut self) -> Value {
        let line = timeout(TIMEOUT, self.output.next_line()).await;
        let line = line.unwrap_or_else(|_late| panic!("the process has reported nothing for {TIMEOUT:?}"));
        let line = line.expect("standard output is UTF-8");
        let line = line.unwrap_or_else(|| panic!("the process has ended; see above"));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Ends the process; returns what it has reported and the test has not read.
    pub(crate) async fn stop(mut self) -> Vec<Value> {
        // It may have ended by itself.
        let _ = self.child.kill().await;
        let mut rest = Vec::new();
        while let Ok(Some(line)) = self.output.next_line().await {
            // The last line may be cut off.
            rest.extend(serde_json::from_str::<Value>(&line));
        }
        rest
    }
}
