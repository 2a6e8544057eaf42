//! Programs that serve while they are measured.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Fallible;
use super::programs::Programs;

/// The shell holds the server, so that it ends with us whatever happens to us.
const KEEPER: &str = include_str!("keeper.sh");

/// A server that listens. Dropping it stops it.
pub(super) struct Served {
    keeper: Child,
    open: Option<ChildStdin>,
    /// `127.0.0.1:PORT`.
    pub(super) address: String,
    /// The server's own process.
    pub(super) process: String,
    /// From the beginning to the line that tells where it listens.
    pub(super) took: Duration,
}

impl Served {
    /// Starts the product on a folder of its data, as anybody would, but for the rate limits and the life of a token.
    /// Its log goes through a pipe, and is thrown away at the other end.
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

    /// Starts a floor that serves.
    pub(super) fn floor(programs: &Programs, arguments: &[&str]) -> Fallible<Self> {
        let floor = programs.bench(arguments);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(floor.get_program())
            .args(floor.get_args());
        Self::start(command)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long a start takes is what is measured"
    )]
    fn start(mut command: Command) -> Fallible<Self> {
        let began = Instant::now();
        let mut keeper = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (open, output) = (keeper.stdin.take(), keeper.stdout.take());
        let mut served = Self {
            keeper,
            open,
            address: String::new(),
            process: String::new(),
            took: Duration::ZERO,
        };
        let mut output = BufReader::new(output.ok_or("no output to read")?);
        let mut line = String::new();
        while served.address.is_empty() {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                return Err("the server ended before it listened; see above".into());
            }
            if let Some(process) = line.strip_prefix("process ") {
                served.process = process.trim().to_owned();
            } else if let Some(address) = line.strip_prefix("listening on http://") {
                served.address = address.trim().to_owned();
            }
        }
        served.took = began.elapsed();
        // Between a pipe and a file the kernel moves the pages by itself: reading the log costs next to nothing.
        let mut rest = output.into_inner();
        thread::spawn(move || {
            File::create("/dev/null").and_then(|mut nothing| std::io::copy(&mut rest, &mut nothing))
        });
        Ok(served)
    }

    /// A number, in KiB, that the kernel knows of the server's memory, such as `VmRSS`.
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

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.open.take());
        if let Err(cause) = self.keeper.wait() {
            eprintln!("xtask: a server was not waited for: {cause}");
        }
    }
}

/// The product's surroundings. Nothing of the caller's environment reaches it: a `DATABASE_URL` there would be used.
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
