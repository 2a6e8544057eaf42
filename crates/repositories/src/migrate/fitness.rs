//! Whether a database can store Mainstay's data, checked before anything is created in it.

use super::text::MAINSTAY_HISTORY;
use mainstay_platform::database::{DatabaseError, DatabaseOptions, sqlite_path};
use rusqlite::{Connection, OpenFlags};
use std::fmt::Display;
use std::path::Path;
use tokio_postgres::Client;

/// The oldest supported PostgreSQL, as `server_version_num`.
const OLDEST: i32 = 130_000;

fn unavailable(error: impl Display) -> DatabaseError {
    DatabaseError::Unavailable {
        what: error.to_string(),
    }
}

/// Why this PostgreSQL database cannot be used, a sentence each with what to do; empty when it can.
///
/// # Errors
/// The server does not answer.
pub(super) async fn of_postgres(client: &Client) -> Result<Vec<String>, DatabaseError> {
    const SERVER_SETTINGS: &str = "SELECT current_setting('server_encoding'), current_setting('server_version_num'), \
                        current_setting('server_version'), current_database()::text";
    let row = client
        .query_one(SERVER_SETTINGS, &[])
        .await
        .map_err(unavailable)?;
    let column = |at: usize| row.try_get::<_, &str>(at).map_err(unavailable);
    let (encoding, number, version, name) = (column(0)?, column(1)?, column(2)?, column(3)?);
    let mut unfit = Vec::new();
    if encoding != "UTF8" {
        unfit.push(wrong_encoding(name, encoding));
    }
    if number.parse::<i32>().is_ok_and(|number| number < OLDEST) {
        let oldest = OLDEST / 10_000;
        unfit.push(format!(
            "the server is PostgreSQL {version}, and {oldest} is the oldest that Mainstay works with: upgrade it"
        ));
    }
    Ok(unfit)
}

fn wrong_encoding(name: &str, encoding: &str) -> String {
    let quoted = name.replace('"', "\"\"");
    format!(
        "the database {name} has the encoding {encoding}, which cannot hold every name and word; Mainstay needs UTF8: \
         CREATE DATABASE \"{quoted}_utf8\" ENCODING 'UTF8' TEMPLATE template0, and name that one in DATABASE_URL"
    )
}

/// The same for a SQLite file. One that does not exist yet, or is empty, can be used. It is opened without the
/// settings that [`sqlite_connection`](mainstay_platform::database::sqlite_connection) applies: those change the
/// file.
///
/// # Errors
/// The file cannot be opened, or is not a database.
pub(super) fn of_sqlite(options: &DatabaseOptions) -> Result<Vec<String>, DatabaseError> {
    let path = sqlite_path(&options.url).map_err(|reason| DatabaseError::Options {
        reason: reason.to_owned(),
    })?;
    if !std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
        return Ok(Vec::new());
    }
    let shown = path.display();
    let failed = |error: rusqlite::Error| unavailable(format!("{shown}: {error}"));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // SQLite does not take `:memory:` and `file:…` for file names; joining leaves an absolute path unchanged.
    let connection = Connection::open_with_flags(Path::new(".").join(&path), flags).map_err(failed)?;
    connection.busy_timeout(options.wait_limit).map_err(failed)?;
    let ask = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, String>(0))
            .map_err(failed)
    };
    let mut unfit = Vec::new();
    let encoding = ask("PRAGMA encoding")?;
    if encoding != "UTF-8" {
        unfit.push(format!(
            "{shown} has the encoding {encoding}, in which texts are sorted in another order than Mainstay counts on; it \
             needs UTF-8: let Mainstay make a file of its own, by another name in DATABASE_URL"
        ));
    }
    let others = "SELECT coalesce(group_concat(name, ', '), '') FROM (SELECT name FROM sqlite_schema \
                  WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name LIMIT 3)";
    let others = ask(others)?;
    if !others.is_empty() && !has_history(&connection, MAINSTAY_HISTORY).map_err(failed)? {
        unfit.push(format!(
            "{shown} belongs to another program: it has the tables {others}; let Mainstay make a file of its own, by \
             another name in DATABASE_URL"
        ));
    }
    Ok(unfit)
}

/// Whether the file has the table of applied migrations.
pub(super) fn has_history(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = $1";
    connection.query_row(sql, [table], |row| row.get(0))
}

/// Why this server may lose an acknowledged write, a sentence each; empty when it may not.
///
/// # Errors
/// The server does not answer.
pub(super) async fn not_durable(client: &Client) -> Result<Vec<String>, DatabaseError> {
    let mut found = Vec::new();
    for (setting, loss) in [
        ("fsync", "a power cut may damage the whole database"),
        (
            "full_page_writes",
            "a power cut may damage pages that were being written",
        ),
        ("synchronous_commit", "the last writes may be lost in a power cut"),
    ] {
        let row = client
            .query_one(&format!("SHOW {setting}"), &[])
            .await
            .map_err(unavailable)?;
        if row.try_get::<_, &str>(0).map_err(unavailable)? == "off" {
            found.push(format!("{setting} is off: {loss}"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, made: &str) -> DatabaseOptions {
        let path = folder.path().join("a.db");
        Connection::open(&path).unwrap().execute_batch(made).unwrap();
        DatabaseOptions::new(format!("sqlite://{}", path.display()))
    }

    #[test]
    fn a_file_of_another_encoding_or_another_program_is_unfit_and_stays_as_it_is() {
        for (made, word) in [
            (
                "PRAGMA encoding = 'UTF-16'; CREATE TABLE refinery_schema_history (v)",
                "UTF-16",
            ),
            ("CREATE TABLE moz_places (id)", "moz_places"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let options = file(&folder, made);
            let before = std::fs::read(folder.path().join("a.db")).unwrap();
            let unfit = of_sqlite(&options).unwrap();
            assert!(unfit.len() == 1 && unfit[0].contains(word), "{unfit:?}");
            assert_eq!(std::fs::read(folder.path().join("a.db")).unwrap(), before);
        }
    }

    #[test]
    fn a_file_that_is_new_empty_or_ours_is_fit() {
        let folder = tempfile::tempdir().unwrap();
        let options = file(&folder, "");
        assert_eq!(of_sqlite(&options).unwrap(), [""; 0]);
        let ours = file(
            &folder,
            "CREATE TABLE refinery_schema_history (v); CREATE TABLE users (id)",
        );
        assert_eq!(of_sqlite(&ours).unwrap(), [""; 0]);
        let absent = DatabaseOptions::new(format!("sqlite://{}/none.db", folder.path().display()));
        assert_eq!(of_sqlite(&absent).unwrap(), [""; 0]);
    }

    #[test]
    fn the_sentence_says_how_to_make_another() {
        let sentence = wrong_encoding("sh\"op", "LATIN1");
        assert!(
            sentence.contains("LATIN1") && sentence.contains("CREATE DATABASE \"sh\"\"op_utf8\""),
            "{sentence}"
        );
    }
}
