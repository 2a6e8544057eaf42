//! The working folder and database of one test, in which the binary runs.

use super::database::PostgresDatabase;
use mainstay_platform::database::{DatabaseOptions, postgres_client, sqlite_connection};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The working folder and database of one test. The binary does not inherit the test's environment.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    postgres: Option<PostgresDatabase>,
}

/// The exit code and output of a command.
#[derive(Debug)]
pub(crate) struct ProcessOutput {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl ProcessOutput {
    /// The standard output; panics unless the exit code is 0.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.exit, Some(0), "{self:?}");
        self.out
    }

    /// The standard output as JSON; panics unless the exit code is 0.
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.success()).unwrap()
    }
}

impl Home {
    /// With a SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: None,
        }
    }

    /// With a PostgreSQL database; `None` where there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        let postgres = Some(PostgresDatabase::make().await?);
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            postgres,
        })
    }

    /// The path of a file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The URL of the database.
    pub(crate) fn database_url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url(),
            None => format!("sqlite://{}", self.path("data/mainstay.db").display()),
        }
    }

    /// The binary, to be run in the folder with an empty environment.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// The same with the test's database, any free port and no rate limits.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare_command(arguments);
        command
            .env("DATABASE_URL", self.database_url())
            .env("PORT", "0")
            .env("RATE_LIMITS", "off");
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> ProcessOutput {
        finish(&mut self.command(arguments), "")
    }

    /// Runs a command to its end, with this on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> ProcessOutput {
        finish(&mut self.command(arguments), input)
    }

    /// Runs a command to its end, with these environment variables and no others.
    pub(crate) fn run_with_env(&self, environment: &[(&str, &str)], arguments: &[&str]) -> ProcessOutput {
        finish(self.bare_command(arguments).envs(environment.iter().copied()), "")
    }

    /// Runs a prepared command to the end with this on standard input.
    pub(crate) fn finish(&self, command: &mut Command, input: &str) -> ProcessOutput {
        finish(command, input)
    }

    /// Creates an administrator `admin@example.com`.
    pub(crate) fn create_admin(&self) {
        let arguments = [
            "users",
            "create-admin",
            "--email",
            ADMIN.0,
            "--name",
            "Ada",
            "--password-stdin",
        ];
        self.run_with_input(&arguments, ADMIN.1).success();
    }

    /// Executes SQL directly on the database, bypassing the application.
    pub(crate) async fn execute_raw(&self, sqlite: &str, postgres: &str) {
        let options = DatabaseOptions::new(self.database_url());
        match self.postgres {
            Some(_) => {
                let (client, _task) = postgres_client(&options).await.unwrap();
                client.batch_execute(postgres).await.unwrap();
            }
            None => sqlite_connection(&options)
                .unwrap()
                .execute_batch(sqlite)
                .unwrap(),
        }
    }
}

/// E-mail address and password of the administrator.
pub(crate) const ADMIN: (&str, &str) = ("admin@example.com", "a long walk in the rain");

fn finish(command: &mut Command, input: &str) -> ProcessOutput {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The command may have exited before it read its input, so a failed write is fine.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    ProcessOutput {
        exit: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
