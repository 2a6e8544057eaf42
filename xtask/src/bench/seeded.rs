//! A prepared database, of which every run of both sides gets a copy.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Fallible;
use super::folder::Folder;
use super::measurement::Measurement;
use super::programs::Programs;
use super::server::{self, Server};

const ADMIN: &str = "admin@bench.example";
/// The same as in `crates/bench/src/seed.rs`.
const PASSWORD: &str = "three blind mice, 3 times over";

/// The orders that exist before a measurement.
const ORDERS: u32 = 10_000;

/// A data folder, and on PostgreSQL a database.
pub(super) struct Seeded<'p> {
    programs: &'p Programs,
    folder: Folder,
    /// Path of the file with the created users and products.
    pub(super) seed: String,
    /// Path of the file with the product's response to a request for one product.
    pub(super) answer: String,
    database: Option<Database<'p>>,
}

/// A copy of the prepared data for one run.
pub(super) struct WorkingCopy<'s> {
    seeded: &'s Seeded<'s>,
    folder: Folder,
    database: Option<Database<'s>>,
}

/// A database on a PostgreSQL server; dropping this drops the database.
struct Database<'p> {
    programs: &'p Programs,
    /// URL of any database on the server, for the connection that creates others.
    server: String,
    name: String,
}

impl<'p> Seeded<'p> {
    /// Creates customers, products and ten thousand orders in a SQLite file.
    pub(super) fn on_sqlite(programs: &'p Programs, folder: Folder) -> Fallible<Self> {
        Self::fill(programs, folder, None, ORDERS)
    }

    /// The same on a PostgreSQL server.
    pub(super) fn on_postgres(programs: &'p Programs, folder: Folder, url: &str) -> Fallible<Self> {
        Self::with_orders(programs, folder, url, ORDERS)
    }

    /// The same with another number of orders.
    pub(super) fn with_orders(
        programs: &'p Programs,
        folder: Folder,
        url: &str,
        orders: u32,
    ) -> Fallible<Self> {
        let name = format!("mainstay_bench_{}", std::process::id());
        programs.output(&["database", "make", url, &name])?;
        let database = Database {
            programs,
            server: url.to_owned(),
            name,
        };
        Self::fill(programs, folder, Some(database), orders)
    }

    fn fill(
        programs: &'p Programs,
        folder: Folder,
        database: Option<Database<'p>>,
        orders: u32,
    ) -> Fallible<Self> {
        let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let (seed, answer) = (file("seed.json"), file("product.json"));
        let seeded = Self {
            programs,
            folder,
            seed,
            answer,
            database,
        };
        let data = seeded.folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        let url = seeded.database.as_ref().map(Database::url);
        let url = url.as_deref();
        create_admin(programs, &data, url)?;
        let server = Server::product(programs, &data, url, false)?;
        let (seed, answer) = (seeded.seed.as_str(), seeded.answer.as_str());
        programs.output(&[
            "prepare",
            "--address",
            &server.address,
            "--seed",
            seed,
            "--product",
            answer,
            "--admin",
            ADMIN,
            "--orders",
            &orders.to_string(),
        ])?;
        drop(server);
        Ok(seeded)
    }

    /// A copy of the prepared data for one run.
    pub(super) fn working_copy(&self) -> Fallible<WorkingCopy<'_>> {
        let folder = self.folder.copy()?;
        let database = self.database.as_ref().map(Database::copy).transpose()?;
        Ok(WorkingCopy {
            seeded: self,
            folder,
            database,
        })
    }
}

impl WorkingCopy<'_> {
    /// Path of the SQLite file.
    pub(super) fn file(&self) -> String {
        self.data().join("mainstay.db").to_string_lossy().into_owned()
    }

    /// URL of the copy on PostgreSQL.
    pub(super) fn url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// Starts a server on the copy.
    pub(super) fn serve(&self, slow_fsync: bool) -> Fallible<Server> {
        Server::product(
            self.seeded.programs,
            &self.data(),
            self.url().as_deref(),
            slow_fsync,
        )
    }

    /// Starts a server on the copy and loads it.
    pub(super) fn load(&self, workload: &str, seconds: &str, slow_fsync: bool) -> Fallible<Measurement> {
        let server = self.serve(slow_fsync)?;
        load(
            self.seeded.programs,
            &server,
            &self.seeded.seed,
            &[workload, "--seconds", seconds],
        )
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Database<'_> {
    fn url(&self) -> String {
        database(&self.server, &self.name)
    }

    fn copy(&self) -> Fallible<Self> {
        let name = format!("{}_copy", self.name);
        self.programs
            .output(&["database", "make", &self.server, &name, "--like", &self.name])?;
        Ok(Self {
            programs: self.programs,
            server: self.server.clone(),
            name,
        })
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        if let Err(cause) = self
            .programs
            .output(&["database", "remove", &self.server, &self.name])
        {
            eprintln!("xtask: the database {} was not removed: {cause}", self.name);
        }
    }
}

/// Loads a server. The first of the arguments is the workload.
pub(super) fn load(
    programs: &Programs,
    server: &Server,
    seed: &str,
    arguments: &[&str],
) -> Fallible<Measurement> {
    let target = [
        "--address",
        &server.address,
        "--process",
        &server.process,
        "--seed",
        seed,
    ];
    programs.measurement(&[&["load"], arguments, &target].concat())
}

fn create_admin(programs: &Programs, data: &std::path::Path, url: Option<&str>) -> Fallible<()> {
    let mut command = Command::new(&programs.mainstay);
    server::product(&mut command, data, url);
    command.args(["users", "create-admin", "--email", ADMIN, "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(PASSWORD.as_bytes())?;
    }
    if child.wait()?.success() {
        Ok(())
    } else {
        Err("the administrator could not be created; see above".into())
    }
}

/// The URL of another database on the same server. Without TLS unless requested, so that both sides connect alike.
fn database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, "sslmode=disable"));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find('/').map_or(address.len(), |at| host + at);
    format!("{}/{name}?{query}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_keeps_the_rest_of_the_address() {
        assert_eq!(
            database("postgres://a:b@h:1/x?q=1", "y"),
            "postgres://a:b@h:1/y?q=1"
        );
        assert_eq!(database("postgres://h", "y"), "postgres://h/y?sslmode=disable");
    }
}
