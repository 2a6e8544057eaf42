//! Counterparts: real servers of others that the end-to-end tests talk to. Each is a folder in `crates/e2e/counterparts`
//! with its pinned packages, which are installed into `target/counterparts` at first use.
//!
//! One file for the tests and for `xtask`, which includes it by its path: it depends on the standard library alone.

#![expect(
    clippy::disallowed_methods,
    reason = "a development tool that runs installers, and writes no secrets to the target folder"
)]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counterpart {
    /// npm `oidc-provider`, a certified OpenID provider.
    OpenIdProvider,
    /// PyPI `aiosmtpd`, a mail server.
    MailServer,
    /// Chromium, driven by npm `playwright-core`.
    Browser,
}

impl Counterpart {
    /// The name of its folder, and of the package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenIdProvider => "oidc-provider",
            Self::MailServer => "aiosmtpd",
            Self::Browser => "playwright-core",
        }
    }

    /// What it is, with the registry of the package.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::OpenIdProvider => "OpenID provider (npm oidc-provider)",
            Self::MailServer => "mail server (PyPI aiosmtpd)",
            Self::Browser => "browser (Debian chromium, npm playwright-core)",
        }
    }

    /// Its folder among the sources.
    pub(crate) fn sources(self) -> PathBuf {
        root().join("crates/e2e/counterparts").join(self.name())
    }

    /// Installs the pinned packages, unless they are installed. Returns the folder that they are in.
    ///
    /// # Errors
    /// The reason why they cannot be installed, such as a missing program or no network.
    pub(crate) fn install(self) -> Result<PathBuf, String> {
        if self == Self::Browser {
            find_program(CHROMIUM)?;
        }
        let all = root().join("target/counterparts");
        let (folder, stamp) = (
            all.join(self.name()),
            all.join(format!("{}.installed", self.name())),
        );
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&all).map_err(failed)?;
        // Tests of several processes begin at the same time.
        let lock = File::create(all.join(format!("{}.lock", self.name()))).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let pinned = fs::read_to_string(self.sources().join(self.pins())).map_err(failed)?;
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pinned) {
            return Ok(folder);
        }
        // What an interrupted installation left would be taken for a whole one.
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => fs::create_dir_all(&folder).map_err(failed)?,
        }
        match self {
            Self::OpenIdProvider | Self::Browser => self.install_by_npm(&folder)?,
            Self::MailServer => self.install_by_pip(&folder)?,
        }
        fs::write(&stamp, pinned).map_err(failed)?;
        Ok(folder)
    }

    /// The file that pins the packages.
    fn pins(self) -> &'static str {
        match self {
            Self::OpenIdProvider | Self::Browser => "package-lock.json",
            Self::MailServer => "requirements.txt",
        }
    }

    fn install_by_npm(self, folder: &Path) -> Result<(), String> {
        run(Command::new("node").arg("--version"))?;
        for file in ["package.json", "package-lock.json", ".npmrc"] {
            let copied = fs::copy(self.sources().join(file), folder.join(file));
            copied.map_err(|error| format!("{file}: {error}"))?;
        }
        run(Command::new("npm").current_dir(folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--fetch-retries=1",
            "--loglevel=error",
        ]))
    }

    fn install_by_pip(self, folder: &Path) -> Result<(), String> {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--retries=1"])
            .args(["--require-hashes", "--requirement"])
            .arg(self.sources().join(self.pins())))
    }
}

/// The program of the browser.
pub(crate) const CHROMIUM: &str = "chromium";

/// The path of a program.
///
/// # Errors
/// That it is not installed.
pub(crate) fn find_program(name: &str) -> Result<PathBuf, String> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name));
    let found = found.into_iter().find(|program| program.is_file());
    found.ok_or_else(|| format!("`{name}` is not installed"))
}

/// Runs a program to its end; the error is the last line of what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("`{program}` cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let written = [output.stdout, output.stderr].concat();
    let written = String::from_utf8_lossy(&written);
    let last = written.lines().rfind(|line| !line.trim().is_empty());
    Err(format!(
        "`{program}` failed: {}",
        last.unwrap_or("without a word").trim()
    ))
}

/// The folder of the root manifest.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|folder| folder.join("crates/e2e").is_dir());
    root.unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counterpart_pins_its_packages() {
        for counterpart in [
            Counterpart::OpenIdProvider,
            Counterpart::MailServer,
            Counterpart::Browser,
        ] {
            let pins = counterpart.sources().join(counterpart.pins());
            let text = fs::read_to_string(&pins).unwrap();
            assert!(text.contains(counterpart.name()), "{}", pins.display());
            assert!(
                text.contains("sha512-") || text.contains("--hash=sha256:"),
                "{}",
                pins.display()
            );
        }
    }

    #[test]
    fn a_failure_is_reported_with_the_last_line_of_the_program() {
        let failed = run(Command::new("sh").args(["-c", "echo first; echo no network >&2; exit 1"]));
        assert_eq!(failed.unwrap_err(), "`sh` failed: no network");
        let missing = run(&mut Command::new("a-program-that-does-not-exist"));
        assert!(missing.unwrap_err().contains("cannot be run"));
    }
}
