//! The texts of migrations: Mainstay's own, and those of an application.

use super::MigrateError;
use super::derive;
use mainstay_platform::database::Engine;
use refinery::Runner;

/// One migration: a text for both engines, and what only one of them has.
///
/// The text is PostgreSQL's DDL, from which SQLite's is derived by mapping the names of the types; what the engines do not
/// share is refused. A text is never edited after it was applied anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub(super) name: &'static str,
    text: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

impl Migration {
    /// A migration by the name of its file without the ending: `V`, its version, `__` and a word, as in
    /// `V2__reviews`. Migrations are applied in the order of their versions.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            text,
            postgres: "",
            sqlite: "",
        }
    }

    /// Adds what only PostgreSQL has, such as a trigger. It is applied after the common text, in the same transaction.
    pub const fn postgres(self, text: &'static str) -> Self {
        Self {
            postgres: text,
            ..self
        }
    }

    /// Adds what only SQLite has.
    pub const fn sqlite(self, text: &'static str) -> Self {
        Self { sqlite: text, ..self }
    }

    /// The text that the engine executes.
    pub(super) fn text(&self, engine: Engine) -> Result<String, MigrateError> {
        // Derived on both engines, so that a text that SQLite cannot take is refused before it reaches an installation
        // on SQLite.
        let derived = derive::sqlite(&format!("{}.sql", self.name), self.text)
            .map_err(|error| MigrateError::Text(error.to_string()))?;
        Ok(match engine {
            Engine::Postgres => joined(self.text.to_owned(), self.postgres),
            Engine::Sqlite => joined(derived, self.sqlite),
        })
    }
}

fn joined(common: String, special: &str) -> String {
    if special.is_empty() {
        return common;
    }
    common + "\n" + special
}

/// The migrations of an application, beside Mainstay's own.
///
/// They have versions and a table of applied migrations of their own (`<application>_schema_history`), so a later
/// version of Mainstay can add migrations without regard to them: refinery refuses a version below the last one that
/// was applied, so one table with a reserved range of versions would not do. Mainstay's are applied first: those of the
/// application may refer to its tables. Table names are shared: give a table a name of the application's own where
/// Mainstay could come to need the plain one, because a migration that finds its table there is refused.
#[derive(Debug, Clone)]
pub struct Migrations {
    application: &'static str,
    all: Vec<Migration>,
}

impl Migrations {
    /// Migrations in the ascending order of their versions. `application` is its name in small letters, digits and
    /// underscores, and never changes: the table of its applied migrations is called after it.
    pub fn new(application: &'static str, all: impl Into<Vec<Migration>>) -> Self {
        Self {
            application,
            all: all.into(),
        }
    }

    /// The name of the application.
    pub const fn application(&self) -> &'static str {
        self.application
    }

    /// The migrations as the engine executes them, with the table of those that were applied.
    fn history(&self, engine: Engine) -> Result<History, MigrateError> {
        let wrong = |what: String| MigrateError::Text(format!("migrations of {}: {what}", self.application));
        let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let starts = self
            .application
            .starts_with(|letter: char| letter.is_ascii_lowercase());
        if !starts
            || self.application.len() > 40
            || !self.application.bytes().all(named)
            || self.application == "refinery"
        {
            return Err(wrong(
                "the name of an application is 1 to 40 small letters, digits and underscores, begins with a letter, \
                 and is not refinery"
                    .to_owned(),
            ));
        }
        let history = History::of(&self.all, engine)?;
        Ok(History {
            application: Some(self.application),
            table: format!("{}_schema_history", self.application),
            ..history
        })
    }
}

/// The table of Mainstay's applied migrations, which is the default of the library that applies them.
pub(super) const MAINSTAY_HISTORY: &str = "refinery_schema_history";

/// Migrations for one engine, with the table of those that were applied.
pub(super) struct History {
    application: Option<&'static str>,
    pub(super) table: String,
    migrations: Vec<refinery::Migration>,
}

impl History {
    fn of(all: &[Migration], engine: Engine) -> Result<Self, MigrateError> {
        let mut last = 0;
        let mut migrations = Vec::with_capacity(all.len());
        for migration in all {
            let name = migration.name;
            let version = version(name).filter(|version| *version > last).ok_or_else(|| {
                MigrateError::Text(format!(
                    "{name} is not V, a version above {last}, two underscores and a word of small letters, digits and \
                     underscores, as in V{}__reviews",
                    last + 1
                ))
            })?;
            last = version;
            let unapplied = refinery::Migration::unapplied(name, &migration.text(engine)?);
            migrations.push(unapplied.map_err(|error| MigrateError::Refused(Box::new(error)))?);
        }
        Ok(Self {
            application: None,
            table: MAINSTAY_HISTORY.to_owned(),
            migrations,
        })
    }

    /// Runs the migrations that are missing as one transaction, on either engine.
    pub(super) fn runner(&self) -> Runner {
        // Grouped, all missing migrations and their records are one transaction: a start that was killed in between
        // can be repeated.
        let mut runner = Runner::new(&self.migrations).set_grouped(true);
        runner.set_migration_table_name(&self.table);
        runner
    }

    /// The migrations that this program knows.
    pub(super) fn known(&self) -> &[refinery::Migration] {
        &self.migrations
    }

    /// The version of the last one; 0 if there is none.
    pub(super) fn last_version(&self) -> i32 {
        self.migrations.last().map_or(0, refinery::Migration::version)
    }

    /// The migration as administrators see it: the application's with its name before it.
    pub(super) fn name(&self, migration: &refinery::Migration) -> String {
        match self.application {
            Some(application) => format!("{application}/{migration}"),
            None => migration.to_string(),
        }
    }
}

/// The version in the name of a migration.
fn version(name: &str) -> Option<i32> {
    let (version, word) = name.strip_prefix('V')?.split_once("__")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let digits = version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
    if !digits || word.is_empty() || !word.bytes().all(plain) {
        return None;
    }
    version.parse().ok()
}

/// Mainstay's migrations, then those of the applications, in the order they are applied.
pub(super) fn histories(engine: Engine, more: &[Migrations]) -> Result<Vec<History>, MigrateError> {
    let mut all = vec![History::of(&MAINSTAY, engine)?];
    for migrations in more {
        let history = migrations.history(engine)?;
        if all.iter().any(|other| other.table == history.table) {
            let name = migrations.application;
            return Err(MigrateError::Text(format!(
                "two sets of migrations are called {name}"
            )));
        }
        all.push(history);
    }
    Ok(all)
}

macro_rules! migration {
    ($name:literal $(, $engine:ident)*) => {
        Migration::new($name, include_str!(concat!("../../migrations/", $name, ".sql")))
            $(.$engine(include_str!(concat!("../../migrations/", $name, ".", stringify!($engine), ".sql"))))*
    };
}

/// Mainstay's own migrations. One that refers to a table comes after the one that creates it.
const MAINSTAY: [Migration; 21] = [
    migration!("V1__roles"),
    migration!("V2__users"),
    migration!("V3__sessions"),
    migration!("V4__keys"),
    migration!("V5__products", postgres, sqlite),
    migration!("V6__orders"),
    migration!("V7__payments"),
    migration!("V8__audit", postgres, sqlite),
    migration!("V9__security_events"),
    migration!("V10__outbox"),
    migration!("V11__jobs"),
    migration!("V12__idempotency_keys"),
    migration!("V13__write_probe"),
    migration!("V14__devices"),
    migration!("V15__tries"),
    migration!("V16__factors"),
    migration!("V17__passkeys"),
    migration!("V18__api_keys"),
    migration!("V19__identities"),
    migration!("V20__data_exports"),
    migration!("V21__webhooks"),
];

#[cfg(test)]
mod tests;
