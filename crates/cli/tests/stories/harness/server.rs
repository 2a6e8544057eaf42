//! A server, from its first line to its end.

use super::client::Client;
use super::home::Home;
use super::wait::until;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinHandle;

/// How long a start may take, on a machine that has much else to do.
const START: Duration = Duration::from_secs(60);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(30);

/// A server that runs. Dropped, it is killed.
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
    /// Starts what is said and waits until it listens.
    pub(crate) async fn start(command: std::process::Command) -> Self {
        let mut server = Self::spawn(command);
        let listening = server.line("listening on ").await;
        server.url = listening.trim().to_owned();
        server
    }

    /// Starts what is said, and does not wait.
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

    /// What stands behind this beginning on the first line of standard output that has it.
    pub(crate) async fn line(&mut self, beginning: &str) -> String {
        let (out, child) = (&self.out, std::cell::RefCell::new(&mut self.child));
        let found = until(beginning, START, || async {
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
                "it ended without {beginning:?}: {:?} {:?}",
                self.out.all(),
                self.err.all()
            )
        })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Somebody who is not signed in.
    pub(crate) fn client(&self) -> Client {
        Client::of(&self.url)
    }

    /// Its process.
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

    /// As a power cut would end it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop; it has to finish in time and end well.
    pub(crate) async fn stop(self) {
        self.signal("TERM");
        let (status, out, err) = self.ended().await;
        assert_eq!(status.code(), Some(0), "{out:?} {err:?}");
    }

    /// Waits for its end: how, and everything it said.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Vec<String>, Vec<String>) {
        let status = tokio::time::timeout(STOP, self.child.wait()).await;
        let status = status.expect("it goes on").unwrap();
        (status, self.out.whole().await, self.err.whole().await)
    }
}

/// The lines of a pipe, read as they come, so that whoever writes them never waits.
struct Lines {
    seen: Arc<Mutex<Vec<String>>>,
    reading: JoinHandle<()>,
}

impl Lines {
    fn of(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let into = Arc::clone(&seen);
        let reading = tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                into.lock().unwrap().push(line);
            }
        });
        Self { seen, reading }
    }

    fn all(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    async fn whole(self) -> Vec<String> {
        self.reading.await.unwrap();
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}
