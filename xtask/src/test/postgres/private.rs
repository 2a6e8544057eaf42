//! A private PostgreSQL server: in a temporary folder, on a free port, for this run only.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::polling::wait_for;

/// The shell script that runs the server and stops it when this process ends, however that happens.
const KEEPER: &str = include_str!("private.sh");
const TIMEOUT: Duration = Duration::from_secs(60);
/// Users that may run the server when this process is the superuser, as which PostgreSQL refuses to run.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A running server; dropping it stops it and removes its folder.
#[derive(Debug)]
pub(crate) struct PrivateServer {
    keeper: Child,
    port: u16,
    version: String,
}

impl PrivateServer {
    /// Creates a database cluster with the programs in `programs`, starts it, and waits until it accepts connections.
    pub(crate) fn start(programs: &Path) -> Result<Self, String> {
        let failed = |cause: std::io::Error| format!("a private PostgreSQL could not be started: {cause}");
        let port = free_port().map_err(failed)?;
        let mut command = keeper(superuser());
        // A process group of its own: an interrupt from the terminal reaches only this process.
        command
            .arg(programs)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .process_group(0);
        let keeper = command.spawn().map_err(failed)?;
        let mut server = Self {
            keeper,
            port,
            version: String::new(),
        };

        let url = server.url();
        let ready = wait_for(TIMEOUT, || match server.keeper.try_wait() {
            Ok(None) => super::check(&url).ok().map(Ok),
            ended => Some(Err(format!(
                "a private PostgreSQL ended at once: {ended:?}; see above"
            ))),
        });
        server.version =
            ready.unwrap_or_else(|| Err("a private PostgreSQL did not get ready in a minute".into()))?;
        Ok(server)
    }

    /// The address for the tests.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The server's version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(cause) = self.keeper.wait() {
            eprintln!("xtask: the private PostgreSQL was not waited for: {cause}");
        }
    }
}

/// The shell with the script, as a user who is not the superuser. The arguments of the script follow.
fn keeper(superuser: bool) -> Command {
    if superuser && let Some(user) = UNPRIVILEGED.iter().find(|user| exists(user)) {
        let mut command = Command::new("su");
        command.args(["-s", "/bin/sh", user, "-c", KEEPER, "keeper"]);
        return command;
    }
    let mut command = Command::new("/bin/sh");
    command.args(["-c", KEEPER, "keeper"]);
    command
}

/// Whether this process runs as the superuser: its `/proc` entry then belongs to user 0.
fn superuser() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn exists(user: &str) -> bool {
    Command::new("id")
        .arg(user)
        .output()
        .is_ok_and(|answer| answer.status.success())
}

/// A free port. Another process may take it before the server does, which is unlikely and would be reported.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
