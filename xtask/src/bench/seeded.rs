//! A prepared database: what every turn of every side begins with a copy of.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Fallible;
use super::figure::Figure;
use super::folder::Folder;
use super::programs::Programs;
use super::served::{self, Served};

const ADMIN: &str = "admin@bench.example";
/// As `crates/bench/src/seed.rs` has it.
const PASSWORD: &str = "three blind mice, 3 times over";

/// A folder of data, and on PostgreSQL a database.
pub(super) struct Seeded<'p> {
    programs: &'p Programs,
    folder: Folder,
    /// Who and what is in it.
    pub(super) seed: String,
    /// One product, as the product answers it.
    pub(super) answer: String,
    database: Option<Database<'p>>,
}

/// A copy for one turn.
pub(super) struct Turn<'s> {
    seeded: &'s Seeded<'s>,
    folder: Folder,
    database: Option<Database<'s>>,
}

/// A database on a PostgreSQL server; dropping it removes it there.
struct Database<'p> {
    programs: &'p Programs,
    /// Any database of the server, to make others from.
    server: String,
    name: String,
}

impl<'p> Seeded<'p> {
    /// Customers, products and ten thousand orders in a file.
    pub(super) fn on_sqlite(programs: &'p Programs, folder: Folder) -> Fallible<Self> {
        Self::fill(programs, folder, None)
    }

    /// The same on a server.
    pub(super) fn on_postgres(programs: &'p Programs, folder: Folder, url: &str) -> Fallible<Self> {
        let name = format!("mainstay_bench_{}", std::process::id());
        programs.ask(&["database", "make", url, &name])?;
        Self::fill(
            programs,
            folder,
            Some(Database {
                programs,
                server: url.to_owned(),
                name,
            }),
        )
    }

    fn fill(programs: &'p Programs, folder: Folder, database: Option<Database<'p>>) -> Fallible<Self> {
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
        let served = Served::product(programs, &data, url, false)?;
        let (seed, answer) = (seeded.seed.as_str(), seeded.answer.as_str());
        programs.ask(&[
            "prepare",
            "--address",
            &served.address,
            "--seed",
            seed,
            "--product",
            answer,
            "--admin",
            ADMIN,
        ])?;
        drop(served);
        Ok(seeded)
    }

    /// A copy for one turn.
    pub(super) fn turn(&self) -> Fallible<Turn<'_>> {
        let folder = self.folder.copy()?;
        let database = self.database.as_ref().map(Database::copy).transpose()?;
        Ok(Turn {
            seeded: self,
            folder,
            database,
        })
    }
}

impl Turn<'_> {
    /// The file of the product's SQLite.
    pub(super) fn file(&self) -> String {
        self.data().join("mainstay.db").to_string_lossy().into_owned()
    }

    /// The address of the copy on PostgreSQL.
    pub(super) fn url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// Serves from the copy.
    pub(super) fn serve(&self, slow_fsync: bool) -> Fallible<Served> {
        Served::product(
            self.seeded.programs,
            &self.data(),
            self.url().as_deref(),
            slow_fsync,
        )
    }

    /// Serves from the copy and loads it.
    pub(super) fn load(&self, workload: &str, seconds: &str, slow_fsync: bool) -> Fallible<Figure> {
        let served = self.serve(slow_fsync)?;
        load(
            self.seeded.programs,
            &served,
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
        let name = format!("{}_turn", self.name);
        self.programs
            .ask(&["database", "make", &self.server, &name, "--like", &self.name])?;
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
            .ask(&["database", "remove", &self.server, &self.name])
        {
            eprintln!("xtask: the database {} was not removed: {cause}", self.name);
        }
    }
}

/// Loads a server. The first of the arguments is the workload.
pub(super) fn load(programs: &Programs, served: &Served, seed: &str, arguments: &[&str]) -> Fallible<Figure> {
    let place = [
        "--address",
        &served.address,
        "--process",
        &served.process,
        "--seed",
        seed,
    ];
    programs.figure(&[&["load"], arguments, &place].concat())
}

fn create_admin(programs: &Programs, data: &std::path::Path, url: Option<&str>) -> Fallible<()> {
    let mut command = Command::new(&programs.mainstay);
    served::product(&mut command, data, url);
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

/// The address of another database on the same server. Without TLS unless it was asked for: else one side might have it
/// and the other not.
fn database(url: &str, name: &str) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, "sslmode=disable"));
    let host = place.find("://").map_or(0, |at| at + 3);
    let end = place[host..].find('/').map_or(place.len(), |at| host + at);
    format!("{}/{name}?{query}", &place[..end])
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
