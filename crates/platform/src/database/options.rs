//! Options for opening a database.

use percent_encoding::percent_decode_str;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::error::DatabaseError;

/// The address of a database, its limits and sizes.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// `sqlite://relative/path.db`, `sqlite:///absolute/path.db` (see [`sqlite_url`]) or
    /// `postgres://user:password@host/name?sslmode=…`.
    pub url: String,
    /// PostgreSQL: maximum number of connections.
    pub pool_size: usize,
    /// SQLite: number of reading threads, and of idle reading connections that stay open.
    pub readers: usize,
    /// How long one statement may run before it is stopped.
    pub statement_timeout: Duration,
    /// How long a caller waits for the writer, a connection or another process before `Unavailable`.
    pub wait_limit: Duration,
    /// SQLite: writes that may wait in their queue, and reads in theirs.
    pub queue_size: usize,
    /// SQLite: transactions that may share one COMMIT.
    pub group_size: usize,
    /// SQLite: the write-ahead log is emptied, after waiting for readers, when it exceeds this many bytes.
    pub wal_limit_bytes: u64,
    /// SQLite: page cache of each connection, in KiB.
    pub cache_kib: u32,
    /// SQLite: bytes of the file that may be mapped into memory.
    pub mmap_bytes: u64,
    /// Faults injected by tests.
    #[doc(hidden)]
    pub fault_injection: FaultInjection,
}

/// Faults that a test injects into SQLite's writer.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct FaultInjection {
    /// Statements the writing connection runs when it is opened, such as `PRAGMA max_page_count = 50`.
    pub writer_pragmas: Vec<String>,
    /// While true, every COMMIT is refused.
    pub refuse_commits: Option<Arc<AtomicBool>>,
    /// Runs before each sync of the log, which fails where this does.
    pub before_sync: Option<SyncHook>,
}

/// What a test runs before each sync of the log, on the thread that syncs.
#[doc(hidden)]
#[derive(Clone)]
pub struct SyncHook(pub Arc<dyn Fn() -> io::Result<()> + Send + Sync>);

impl fmt::Debug for SyncHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SyncHook")
    }
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            pool_size: 16,
            readers: 4,
            statement_timeout: Duration::from_secs(30),
            wait_limit: Duration::from_secs(10),
            queue_size: 1024,
            group_size: 64,
            wal_limit_bytes: 64 << 20,
            cache_kib: 16 << 10,
            mmap_bytes: 256 << 20,
            fault_injection: FaultInjection::default(),
        }
    }
}

/// Prints the address without the part between `//` and `@`, which holds the password.
impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("DatabaseOptions")
            .field("url", &format_args!("{scheme}://…"))
            .field("pool_size", &self.pool_size)
            .field("statement_timeout", &self.statement_timeout)
            .field("wait_limit", &self.wait_limit)
            .finish_non_exhaustive()
    }
}

/// The database that a URL names.
pub(crate) enum DatabaseLocation {
    Sqlite(PathBuf),
    Postgres,
}

impl DatabaseOptions {
    /// Options with the given URL and every default.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }

    pub(crate) fn place(&self) -> Result<DatabaseLocation, DatabaseError> {
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(DatabaseLocation::Postgres);
        }
        let path = sqlite_path(&self.url);
        path.map(DatabaseLocation::Sqlite)
            .map_err(|reason| DatabaseError::Options {
                reason: reason.to_owned(),
            })
    }
}

/// The URL of a SQLite file. Percent-encodes what has another meaning in a URL: `%`, `?`, `#`, control characters,
/// and bytes that are not UTF-8.
pub fn sqlite_url(path: &Path) -> String {
    let mut url = "sqlite://".to_owned();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if matches!(letter, '%' | '?' | '#') || letter.is_ascii_control() {
                encode(u32::from(letter), &mut url);
            } else {
                url.push(letter);
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| encode(u32::from(*byte), &mut url));
    }
    url
}

fn encode(byte: u32, url: &mut String) {
    url.push_str(&format!("%{byte:02X}"));
}

/// The file that a SQLite URL names: percent-decoded, any bytes but NUL.
///
/// # Errors
/// The reason why the URL is invalid.
pub fn sqlite_path(url: &str) -> Result<PathBuf, &'static str> {
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return Err("the URL must begin with sqlite: or postgres:");
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path == ":memory:" {
        return Err("a SQLite URL names a file: sqlite://path/to/file.db");
    }
    if path.contains('?') {
        return Err("a SQLite URL takes no parameters; a ? in the path is written %3F");
    }
    let path: Vec<u8> = percent_decode_str(path).collect();
    if path.contains(&0) {
        return Err("the path in a SQLite URL contains a NUL");
    }
    Ok(PathBuf::from(OsString::from_vec(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> Option<PathBuf> {
        match DatabaseOptions::new(url).place() {
            Ok(DatabaseLocation::Sqlite(path)) => Some(path),
            _ => None,
        }
    }

    #[test]
    fn urls_name_a_file_or_a_server() {
        assert_eq!(path("sqlite://data/main.db"), Some(PathBuf::from("data/main.db")));
        assert_eq!(path("sqlite:///var/main.db"), Some(PathBuf::from("/var/main.db")));
        assert_eq!(path("sqlite:main.db"), Some(PathBuf::from("main.db")));
        assert!(matches!(
            DatabaseOptions::new("postgresql://h/d").place(),
            Ok(DatabaseLocation::Postgres)
        ));
        for wrong in [
            "",
            "mysql://h/d",
            "sqlite::memory:",
            "sqlite://",
            "sqlite://a.db?mode=ro",
        ] {
            assert!(DatabaseOptions::new(wrong).place().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", DatabaseOptions::new("postgres://me:hunter2@host/db"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_url_of_a_path_names_that_path() {
        for name in [
            "/x/quest?ion/a.db",
            "/x/ha#sh/a.db",
            "/x/50%25/a.db",
            "/x/100%/a.db",
            "/x/a b'c\"d/a.db",
            "/x/a@b:c/a.db",
            "/x/ünï/a.db",
            "/x/new\nline/a.db",
            "a:memory:b/a.db",
            "file:x/a.db",
        ] {
            let url = sqlite_url(Path::new(name));
            assert_eq!(path(&url), Some(PathBuf::from(name)), "{url}");
        }
        assert_eq!(sqlite_url(Path::new("data/ü.db")), "sqlite://data/ü.db");
        assert_eq!(path("sqlite://a%00b"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_path_comes_back(bytes in proptest::collection::vec(1_u8.., 1..40)) {
            let name = PathBuf::from(OsString::from_vec(bytes));
            proptest::prop_assume!(name != Path::new(":memory:"));
            proptest::prop_assert_eq!(path(&sqlite_url(&name)), Some(name));
        }
    }
}
