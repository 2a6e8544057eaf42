//! A log file that rotates each day, or when it has grown too large, and retains the last few files.

use crate::files;
use mainstay_domain::time::{Clock, Timestamp};
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const DAY: i64 = 86_400_000_000;

/// When to rotate and how many files to retain.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Number of old files retained besides the current one.
    pub keep: usize,
    /// Bytes after which a file is full before its day is over.
    pub size: u64,
}

impl Default for Limits {
    /// Two weeks, and no file above 256 MiB.
    fn default() -> Self {
        Self {
            keep: 14,
            size: 256 * 1024 * 1024,
        }
    }
}

/// A log file that rotates each day, and whose path another program (such as `logrotate`) may rename: the next lines
/// then go into a new file at that path.
///
/// The current file has exactly the given name; old ones are `NAME.2026-11-22`, further ones of a day
/// `NAME.2026-11-22.001` and so on. Days are those of UTC.
pub struct RotatingFile {
    path: PathBuf,
    limits: Limits,
    clock: Arc<dyn Clock>,
    opened: Opened,
}

/// The currently open file.
struct Opened {
    file: File,
    /// Device and inode, to compare with those of the path.
    identity: (u64, u64),
    size: u64,
    day: i64,
}

impl RotatingFile {
    /// Opens `dir/name` for appending; creates both if necessary. Rotates a file of an earlier day first.
    ///
    /// # Errors
    /// The error of the file system.
    pub fn open(dir: &Path, name: &str, limits: Limits, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let path = dir.join(name);
        let today = clock.now().micros().div_euclid(DAY);
        let opened = open(&path, today)?;
        Ok(Self {
            path,
            limits,
            clock,
            opened,
        })
    }

    /// Opens the path again when it is another file than the open one, or missing: `logrotate` has renamed it, or
    /// another process that writes the same log has rotated it. When it cannot be opened, the lines go on into the
    /// old file.
    fn follow_path(&mut self, today: i64) {
        match self.path.symlink_metadata() {
            Ok(found) if self.opened.is(&found) => self.opened.size = found.len(),
            _ => {
                if let Ok(opened) = open(&self.path, today) {
                    self.opened = opened;
                }
            }
        }
    }

    fn rotate(&mut self, today: i64) -> io::Result<()> {
        let ended = std::mem::replace(&mut self.opened.day, today);
        files::rename(&self.path, &self.free_name(ended))?;
        self.opened = open(&self.path, today)?;
        self.prune()
    }

    fn free_name(&self, day: i64) -> PathBuf {
        let instant = Timestamp::from_micros(day.saturating_mul(DAY)).to_string();
        let date = instant.get(..10).unwrap_or("undated");
        let named = |end: String| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{date}{end}"));
            PathBuf::from(name)
        };
        let numbered = (1..).map(|number| named(format!(".{number:03}")));
        std::iter::once(named(String::new()))
            .chain(numbered)
            .find(|name| name.symlink_metadata().is_err())
            .unwrap_or_else(|| named(String::new()))
    }

    /// Removes the oldest files beyond the number to keep; their names sort by age.
    fn prune(&self) -> io::Result<()> {
        let (Some(dir), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(());
        };
        let prefix = format!("{}.", name.to_string_lossy());
        let mut old: Vec<PathBuf> = std::fs::read_dir(dir)?
            .filter_map(Result::ok)
            .filter(|entry| is_dated(&entry.file_name().to_string_lossy(), &prefix))
            .map(|entry| entry.path())
            .collect();
        old.sort();
        let excess = old.len().saturating_sub(self.limits.keep);
        old[..excess].iter().try_for_each(std::fs::remove_file)
    }
}

impl Write for RotatingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let today = self.clock.now().micros().div_euclid(DAY);
        self.follow_path(today);
        let size = self.opened.size;
        let full = size > 0 && size.saturating_add(bytes.len() as u64) > self.limits.size;
        if (today > self.opened.day && size > 0) || full {
            // If the folder cannot be changed, no line may be lost: the lines go on into the old file.
            let _ = self.rotate(today);
        }
        self.opened.day = self.opened.day.max(today);
        self.opened.file.write(bytes)
    }

    /// Also opens the path again if it is another file or missing.
    fn flush(&mut self) -> io::Result<()> {
        let today = self.clock.now().micros().div_euclid(DAY);
        self.follow_path(today);
        self.opened.file.flush()
    }
}

impl Opened {
    fn is(&self, found: &Metadata) -> bool {
        (found.dev(), found.ino()) == self.identity
    }
}

fn open(path: &Path, today: i64) -> io::Result<Opened> {
    files::make_dir(files::folder_of(path))?;
    let file = files::open_append(path)?;
    let found = file.metadata()?;
    let changed = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let day = match found.len() {
        0 => today,
        _ => Timestamp::default().after(changed).micros().div_euclid(DAY),
    };
    Ok(Opened {
        identity: (found.dev(), found.ino()),
        size: found.len(),
        file,
        day,
    })
}

/// Only old files of this log: `error.log.txt` of another program is not touched.
fn is_dated(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() >= 10
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'.')
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test does what logrotate would")]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::time::Duration;

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Noon of the real current day: a file's own time comes from the system.
    fn today() -> (Arc<ManualClock>, i64) {
        let now = crate::clock::SystemClock.now().micros();
        let noon = now.div_euclid(DAY) * DAY + DAY / 2;
        (Arc::new(ManualClock::new(Timestamp::from_micros(noon))), noon)
    }

    fn date(micros: i64) -> String {
        Timestamp::from_micros(micros).to_string()[..10].to_owned()
    }

    #[test]
    fn a_new_day_begins_a_new_file_and_only_the_newest_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("error.log.txt"), "not ours").unwrap();
        let (clock, noon) = today();
        let limits = Limits { keep: 3, size: 1000 };
        let mut file = RotatingFile::open(dir.path(), "error.log", limits, clock.clone()).unwrap();
        for day in 0..6 {
            file.write_all(format!("day {day}\n").as_bytes()).unwrap();
            file.write_all(b"and more\n").unwrap();
            clock.advance(Duration::from_secs(86_400));
        }
        let old = [2, 3, 4].map(|day| format!("error.log.{}", date(noon + day * DAY)));
        assert_eq!(
            names(dir.path()),
            [
                vec!["error.log".to_owned()],
                old.to_vec(),
                vec!["error.log.txt".to_owned()]
            ]
            .concat()
        );
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(read("error.log"), "day 5\nand more\n");
        assert_eq!(read(&old[2]), "day 4\nand more\n");
    }

    #[test]
    fn a_full_file_is_put_aside_within_its_day() {
        let dir = tempfile::tempdir().unwrap();
        let (clock, noon) = today();
        let mut file = RotatingFile::open(dir.path(), "a.log", Limits { keep: 14, size: 10 }, clock).unwrap();
        for line in [
            "1234567\n",
            "2\n",
            "3234567\n",
            "a line longer than any file may be\n",
            "5\n",
        ] {
            file.write_all(line.as_bytes()).unwrap();
        }
        let day = date(noon);
        assert_eq!(
            names(dir.path()),
            [
                "a.log".to_owned(),
                format!("a.log.{day}"),
                format!("a.log.{day}.001"),
                format!("a.log.{day}.002")
            ]
        );
        let all: u64 = names(dir.path())
            .iter()
            .map(|name| dir.path().join(name).metadata().unwrap().len())
            .sum();
        assert_eq!(all, 8 + 2 + 8 + 35 + 2, "nothing is lost");
    }

    #[test]
    fn a_restart_continues_today_and_puts_yesterday_aside() {
        let dir = tempfile::tempdir().unwrap();
        let (clock, noon) = today();
        let open = || RotatingFile::open(dir.path(), "a.log", Limits::default(), clock.clone()).unwrap();
        open().write_all(b"one\n").unwrap();
        open().write_all(b"two\n").unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("a.log")).unwrap(),
            "one\ntwo\n"
        );
        clock.advance(Duration::from_secs(86_400));
        open().write_all(b"three\n").unwrap();
        assert_eq!(
            names(dir.path()),
            ["a.log".to_owned(), format!("a.log.{}", date(noon))]
        );
        clock.set(Timestamp::default());
        open().write_all(b"four\n").unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("a.log")).unwrap(),
            "three\nfour\n",
            "a clock set back rotates nothing"
        );
    }

    #[test]
    fn a_file_that_was_renamed_or_removed_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (clock, _) = today();
        let path = dir.path().join("a.log");
        let mut file = RotatingFile::open(dir.path(), "a.log", Limits::default(), clock).unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        file.write_all(b"one\n").unwrap();
        std::fs::rename(&path, dir.path().join("a.log.1")).unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!((read("a.log.1"), read("a.log")), ("one\n".into(), "two\n".into()));
        // What `logrotate` does with `create`.
        std::fs::rename(&path, dir.path().join("a.log.2")).unwrap();
        std::fs::write(&path, "").unwrap();
        file.write_all(b"three\n").unwrap();
        assert_eq!(
            (read("a.log.2"), read("a.log")),
            ("two\n".into(), "three\n".into())
        );
        // With `copytruncate` the file stays the same.
        std::fs::write(&path, "").unwrap();
        file.write_all(b"four\n").unwrap();
        assert_eq!(read("a.log"), "four\n");
        // Also before anything is written.
        std::fs::remove_file(&path).unwrap();
        file.flush().unwrap();
        assert_eq!(read("a.log"), "");
        std::fs::remove_dir_all(dir.path()).unwrap();
        file.write_all(b"five\n").unwrap();
        assert_eq!(read("a.log"), "five\n");
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_not_followed_and_no_line_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let (clock, _) = today();
        let (path, victim) = (dir.path().join("a.log"), dir.path().join("victim"));
        let mut file = RotatingFile::open(dir.path(), "a.log", Limits::default(), clock.clone()).unwrap();
        std::fs::write(&victim, "precious").unwrap();
        std::fs::rename(&path, dir.path().join("a.log.1")).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        file.write_all(b"one\n").unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(
            (read("victim"), read("a.log.1")),
            ("precious".into(), "one\n".into())
        );
        assert!(RotatingFile::open(dir.path(), "a.log", Limits::default(), clock).is_err());
    }

    #[test]
    fn two_processes_that_write_one_log_put_it_aside_once_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let (clock, noon) = today();
        let open = || RotatingFile::open(dir.path(), "a.log", Limits::default(), clock.clone()).unwrap();
        let (mut one, mut other) = (open(), open());
        one.write_all(b"1\n").unwrap();
        other.write_all(b"2\n").unwrap();
        // A file's own time comes from the system, so tomorrow's file does not count as today's.
        clock.advance(Duration::from_secs(86_400));
        one.write_all(b"3\n").unwrap();
        std::fs::File::options()
            .append(true)
            .open(dir.path().join("a.log"))
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH + Duration::from_micros(u64::try_from(noon + DAY).unwrap()))
            .unwrap();
        other.write_all(b"4\n").unwrap();
        assert_eq!(
            names(dir.path()),
            ["a.log".to_owned(), format!("a.log.{}", date(noon))]
        );
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(
            (read("a.log"), read(&format!("a.log.{}", date(noon)))),
            ("3\n4\n".into(), "1\n2\n".into())
        );
    }

    #[test]
    fn log_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (clock, _) = today();
        let logs = dir.path().join("logs");
        let _file = RotatingFile::open(&logs, "a.log", Limits::default(), clock).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&logs), mode(&logs.join("a.log"))), (0o700, 0o600));
    }
}
