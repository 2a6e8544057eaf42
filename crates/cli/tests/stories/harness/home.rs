//! A folder and a database of one story, and the binary run in it.

use super::database::PostgresDatabase;
use mainstay_platform::database::{DatabaseOptions, postgres_client, sqlite_connection};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder and a database of one story. The binary sees nothing of the environment of the test.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    postgres: Option<PostgresDatabase>,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it printed; panics unless it ended well.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.exit, Some(0), "{self:?}");
        self.out
    }

    /// What it printed, as JSON; panics unless it ended well.
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.good()).unwrap()
    }
}

impl Home {
    /// On a SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            postgres: None,
        }
    }

    /// On a PostgreSQL database; `None` where there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        let postgres = Some(PostgresDatabase::make().await?);
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            postgres,
        })
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the database is.
    pub(crate) fn database_url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url(),
            None => format!("sqlite://{}", self.path("data/mainstay.db").display()),
        }
    }

    /// The binary, about to be run in the folder with an empty environment.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// The same on the database of the story, on any free port, and unhindered by limits.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .env("DATABASE_URL", self.database_url())
            .env("PORT", "0")
            .env("RATE_LIMITS", "off");
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        finish(&mut self.command(arguments), "")
    }

    /// Runs to the end with this on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        finish(&mut self.command(arguments), input)
    }

    /// Runs to the end with these variables and no others.
    pub(crate) fn run_in(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
        finish(self.bare(arguments).envs(environment.iter().copied()), "")
    }

    /// Runs a prepared command to the end with this on standard input.
    pub(crate) fn finish(&self, command: &mut Command, input: &str) -> Ran {
        finish(command, input)
    }

    /// Makes an administrator `admin@example.com`.
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
        self.run_with(&arguments, ADMIN.1).good();
    }

    /// Does to the database what nobody should be able to.
    pub(crate) async fn tamper(&self, sqlite: &str, postgres: &str) {
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

/// Who administers.
pub(crate) const ADMIN: (&str, &str) = ("admin@example.com", "a long walk in the rain");

fn finish(command: &mut Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have refused before it read: then there is nobody to write to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        exit: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
