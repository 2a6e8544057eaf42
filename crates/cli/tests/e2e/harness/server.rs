//! A server process, from its start to its exit.

use super::client::Client;
use super::home::Home;
use super::wait::until;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

/// Maximum duration of a start, on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum duration of a stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Dropping this kills it.
pub(crate) struct Server {
    child: Child,
    out: Lines,
    err: Lines,
    url: String,
}

impl Home {
    /// Starts a server and waits until it listens.
    pub(crate) async fn serve(&self) -> Server {
        Server::start(self.command(&["serve"])).await
    }
}

impl Server {
    /// Runs a command and waits until it listens.
    pub(crate) async fn start(command: std::process::Command) -> Self {
        let mut server = Self::spawn(command);
        let listening = server.line("listening on ").await;
        server.url = listening.trim().to_owned();
        server
    }

    /// Runs a command without waiting.
    pub(crate) fn spawn(mut command: std::process::Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (out, err) = (
            Lines::of(child.stdout.take().unwrap()),
            Lines::of(child.stderr.take().unwrap()),
        );
        Self {
            child,
            out,
            err,
            url: String::new(),
        }
    }

    /// The rest of the first line of standard output that begins with this.
    pub(crate) async fn line(&mut self, beginning: &str) -> String {
        let (out, child) = (&self.out, std::cell::RefCell::new(&mut self.child));
        let found = until(beginning, START_TIMEOUT, || async {
            let line = out
                .all()
                .into_iter()
                .find_map(|line| line.strip_prefix(beginning).map(str::to_owned));
            line.map(Some)
                .or_else(|| matches!(child.borrow_mut().try_wait(), Ok(Some(_))).then_some(None))
        });
        let found = found.await;
        found.unwrap_or_else(|| {
            panic!(
                "it exited without printing {beginning:?}: {:?} {:?}",
                self.out.all(),
                self.err.all()
            )
        })
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A client without credentials.
    pub(crate) fn client(&self) -> Client {
        Client::anonymous(&self.url)
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// The lines of standard output so far.
    pub(crate) fn out(&self) -> Vec<String> {
        self.out.all()
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill`: the standard library sends no signal but KILL.
        let script = format!("kill -{name} {}", self.pid());
        assert!(
            std::process::Command::new("sh")
                .args(["-c", &script])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Kills the process, as a power failure would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Stops it with SIGTERM; it must exit in time and with code 0.
    pub(crate) async fn stop(self) {
        self.signal("TERM");
        let (status, out, err) = self.exited().await;
        assert_eq!(status.code(), Some(0), "{out:?} {err:?}");
    }

    /// Waits for its exit; returns the status and all lines of standard output and error.
    pub(crate) async fn exited(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        let status = tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await;
        let status = status.expect("the server did not stop in time").unwrap();
        (status, self.out.finish().await, self.err.finish().await)
    }
}

/// The lines of a pipe, read as they arrive, so that the writer never blocks.
struct Lines {
    lines_read: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Lines {
    fn of(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines_read = Arc::<Mutex<Vec<String>>>::default();
        let into = Arc::clone(&lines_read);
        let reader = tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                into.lock().unwrap().push(line);
            }
        });
        Self { lines_read, reader }
    }

    fn all(&self) -> Vec<String> {
        self.lines_read.lock().unwrap().clone()
    }

    async fn finish(self) -> Vec<String> {
        self.reader.await.unwrap();
        std::mem::take(&mut self.lines_read.lock().unwrap())
    }
}
