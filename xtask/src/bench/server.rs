//! Server processes under measurement.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Fallible;
use super::programs::Programs;

/// The shell script that runs the server and stops it when this process ends, however that happens.
const KEEPER: &str = include_str!("keeper.sh");

/// A listening server. Dropping this stops it.
pub(super) struct Server {
    keeper: Child,
    open: Option<ChildStdin>,
    /// `127.0.0.1:PORT`.
    pub(super) address: String,
    /// Process id of the server.
    pub(super) process: String,
    /// Time from the start to the line with the address.
    pub(super) took: Duration,
}

impl Server {
    /// Starts the product on a data folder with its default settings, except for the rate limits and the lifetime of a
    /// token. Its log goes through a pipe and is discarded.
    pub(super) fn product(
        programs: &Programs,
        data: &Path,
        database: Option<&str>,
        slow_fsync: bool,
    ) -> Fallible<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs.mainstay)
            .arg("serve");
        product(&mut command, data, database);
        if slow_fsync {
            command.env("LD_PRELOAD", &programs.slow_fsync);
        }
        Self::start(command)
    }

    /// Starts a baseline that serves.
    pub(super) fn baseline(programs: &Programs, arguments: &[&str]) -> Fallible<Self> {
        let baseline = programs.bench(arguments);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(baseline.get_program())
            .args(baseline.get_args());
        Self::start(command)
    }

    #[expect(clippy::disallowed_methods, reason = "the duration of the start is measured")]
    fn start(mut command: Command) -> Fallible<Self> {
        let started = Instant::now();
        let mut keeper = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (open, output) = (keeper.stdin.take(), keeper.stdout.take());
        let mut server = Self {
            keeper,
            open,
            address: String::new(),
            process: String::new(),
            took: Duration::ZERO,
        };
        let mut output = BufReader::new(output.ok_or("no output to read")?);
        let mut line = String::new();
        while server.address.is_empty() {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                return Err("the server ended before it listened; see above".into());
            }
            if let Some(process) = line.strip_prefix("process ") {
                server.process = process.trim().to_owned();
            } else if let Some(address) = line.strip_prefix("listening on http://") {
                server.address = address.trim().to_owned();
            }
        }
        server.took = started.elapsed();
        // Between a pipe and a file the kernel moves the pages itself: reading the log costs next to nothing.
        let mut rest = output.into_inner();
        thread::spawn(move || {
            File::create("/dev/null").and_then(|mut nothing| std::io::copy(&mut rest, &mut nothing))
        });
        Ok(server)
    }

    /// A value in KiB from the server's `/proc` status, such as `VmRSS`.
    pub(super) fn memory_kib(&self, name: &str) -> Fallible<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        Ok(line
            .and_then(|line| line.split_whitespace().next())
            .ok_or("no such number")?
            .parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.open.take());
        if let Err(cause) = self.keeper.wait() {
            eprintln!("xtask: a server was not waited for: {cause}");
        }
    }
}

/// Sets the environment of the product. It inherits nothing else, because a `DATABASE_URL` of the caller would be used.
pub(super) fn product(command: &mut Command, data: &Path, database: Option<&str>) {
    let path = crate::environment::setting("PATH").unwrap_or_default();
    command
        .current_dir(data)
        .env_clear()
        .env("PATH", path)
        .env("DATA_DIR", data);
    command
        .env("PORT", "0")
        .env("RATE_LIMITS", "off")
        .env("LOG_FORMAT", "json")
        .env("ACCESS_TTL", "2h");
    if let Some(database) = database {
        command.env("DATABASE_URL", database);
    }
}
