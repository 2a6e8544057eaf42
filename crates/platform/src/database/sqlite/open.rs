//! Opening connections to a SQLite file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use super::error::{explain, is_busy};
use crate::database::error::DatabaseError;
use crate::database::options::{DatabaseLocation, DatabaseOptions};
use crate::files;
use crate::stopwatch::Stopwatch;

/// The longest that SQLite itself waits for a lock before the database API checks its own limit.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// Pauses between two attempts. SQLite waits by itself where it can; this is for the few locks where it cannot,
/// which another process holds only briefly.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nothing to wait for but time: the lock is another process's"
)]
pub(super) fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}

/// The path of the file. Creates its folder and the file if they are missing, so that only this account can read
/// them: SQLite gives `-wal` and `-shm` the mode that the file has.
pub(super) fn path(options: &DatabaseOptions) -> Result<PathBuf, DatabaseError> {
    let DatabaseLocation::Sqlite(path) = options.place()? else {
        return Err(DatabaseError::Options {
            reason: "this is no SQLite URL".to_owned(),
        });
    };
    let folder = files::folder_of(&path);
    files::make_dir(folder).map_err(|error| DatabaseError::Options {
        reason: format!("cannot make the folder {}: {error}", folder.display()),
    })?;
    match files::make_file(&path) {
        Err(error) if is_planted(&path) => Err(DatabaseError::Options {
            reason: error.to_string(),
        }),
        // Other errors that prevent creating the file also prevent SQLite from opening it, and SQLite reports more.
        _ => Ok(unmistakable(path)),
    }
}

fn is_planted(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

/// A relative path beginning with `./`: SQLite does not read `:memory:` and `file:…` as the name of a file.
fn unmistakable(path: PathBuf) -> PathBuf {
    if path.is_absolute() {
        path
    } else {
        Path::new(".").join(path)
    }
}

/// A connection that may write, in WAL mode. A COMMIT only appends to the log, and other threads sync it and run the
/// checkpoints; the file is never inconsistent, since a checkpoint syncs the log before it copies from it.
pub(super) fn writer(path: &Path, options: &DatabaseOptions) -> Result<Connection, DatabaseError> {
    within_deadline(options.wait_limit, || {
        let connection = connect(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            options,
        )?;
        // SQLite opens a file without write permission for reading, and even starts a write without reporting an error.
        if connection.is_readonly("main")? {
            let reason = "the file may only be read".to_owned();
            let code = ffi::Error::new(ffi::SQLITE_READONLY);
            return Err(rusqlite::Error::SqliteFailure(code, Some(reason)));
        }
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")?;
        Ok((connection, mode))
    })
    .and_then(|(connection, mode)| in_wal_mode(&mode).map(|()| connection))
}

/// Refuses another journal mode. SQLite does not fail where it cannot have a write-ahead log, such as on a network file
/// system: it returns the mode in force and goes on.
fn in_wal_mode(mode: &str) -> Result<(), DatabaseError> {
    if mode == "wal" {
        return Ok(());
    }
    Err(DatabaseError::Options {
        reason: format!("the file cannot have a write-ahead log where it is (journal_mode is {mode})"),
    })
}

/// A connection that cannot write.
pub(super) fn reader(path: &Path, options: &DatabaseOptions) -> Result<Connection, DatabaseError> {
    within_deadline(options.wait_limit, || {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        Ok(connection)
    })
}

fn connect(path: &Path, access: OpenFlags, options: &DatabaseOptions) -> rusqlite::Result<Connection> {
    // Only one thread at a time uses a connection, so SQLite's own mutex would only cost time.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(DEADLINE.min(options.wait_limit))?;
    connection.set_prepared_statement_cache_capacity(256);
    // PostgreSQL reads "x" as a name, never as a text; SQLite must not accept a misspelt column as a text either.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Otherwise SQLite plans a known statement again for each value bound to an indexed column.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; \
         PRAGMA cache_size = -{}; PRAGMA mmap_size = {};",
        options.cache_kib, options.mmap_bytes
    ))?;
    Ok(connection)
}

/// Retries while another process holds a lock, up to the limit.
pub(super) fn within_deadline<T>(
    limit: Duration,
    mut attempt: impl FnMut() -> rusqlite::Result<T>,
) -> Result<T, DatabaseError> {
    let started = Stopwatch::start();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && started.elapsed() < limit => pause(),
            outcome => return outcome.map_err(|error| explain(&error, "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_syncs_at_checkpoints_and_a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let options = DatabaseOptions::default();
        let path = folder.path().join("main.db");
        let number = |connection: &Connection, pragma: &str| {
            connection
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        let writer = writer(&path, &options).unwrap();
        writer.execute_batch("CREATE TABLE t (i)").unwrap();
        // 1 is NORMAL: SQLite syncs at checkpoints, the sync thread at every COMMIT.
        assert_eq!(number(&writer, "synchronous"), 1);
        assert_eq!(number(&writer, "foreign_keys"), 1);
        let reader = reader(&path, &options).unwrap();
        assert_eq!(number(&reader, "query_only"), 1);
        assert!(reader.is_readonly("main").unwrap());
        reader.execute_batch("PRAGMA query_only = OFF").unwrap();
        let refused = reader.execute_batch("INSERT INTO t VALUES (1)");
        assert!(refused.is_err_and(|error| explain(&error, "").is_unavailable()));
    }

    #[test]
    fn a_file_without_a_write_ahead_log_is_refused() {
        assert!(in_wal_mode("wal").is_ok());
        let refused = in_wal_mode("delete").unwrap_err();
        assert!(
            refused.to_string().contains("journal_mode is delete"),
            "{refused}"
        );
    }

    #[test]
    fn the_files_of_a_database_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/main.db");
        let options = DatabaseOptions::new(crate::database::sqlite_url(&file));
        let connection = writer(&path(&options).unwrap(), &options).unwrap();
        connection.execute_batch("CREATE TABLE t (i)").unwrap();
        for (name, mode) in [
            ("data", 0o700),
            ("data/main.db", 0o600),
            ("data/main.db-wal", 0o600),
            ("data/main.db-shm", 0o600),
        ] {
            let found = std::fs::metadata(folder.path().join(name)).unwrap();
            assert_eq!(found.permissions().mode() & 0o777, mode, "{name}");
        }
    }
}
