//! A log file that begins anew each day, or when it has grown too large, and keeps the last few.

use mainstay_domain::time::{Clock, Timestamp};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

const DAY: i64 = 86_400_000_000;

/// When to begin anew and how much to keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Old files beside the current one.
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

/// The current file has exactly the given name; old ones are `NAME.2026-11-22`, further ones of a day
/// `NAME.2026-11-22.001` and so on. Days are those of UTC.
pub struct RotatingFile {
    path: PathBuf,
    limits: Limits,
    clock: Arc<dyn Clock>,
    file: File,
    size: u64,
    day: i64,
}

impl RotatingFile {
    /// Opens `dir/name` for appending; creates both if need be. A file left from an earlier day is put aside first.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(dir: &Path, name: &str, limits: Limits, clock: Arc<dyn Clock>) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join(name);
        let file = append(&path)?;
        let meta = file.metadata()?;
        let changed = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let today = clock.now().micros().div_euclid(DAY);
        let day = if meta.len() == 0 {
            today
        } else {
            Timestamp::default().after(changed).micros().div_euclid(DAY)
        };
        Ok(Self {
            path,
            limits,
            clock,
            file,
            size: meta.len(),
            day,
        })
    }

    fn rotate(&mut self, today: i64) -> io::Result<()> {
        let ended = std::mem::replace(&mut self.day, today);
        std::fs::rename(&self.path, self.free_name(ended))?;
        self.file = append(&self.path)?;
        self.size = 0;
        self.prune()
    }

    fn free_name(&self, day: i64) -> PathBuf {
        let instant = Timestamp::from_micros(day.saturating_mul(DAY)).to_string();
        let base = format!(
            "{}.{}",
            self.path.display(),
            instant.get(..10).unwrap_or("undated")
        );
        let numbered = (1..).map(|number| PathBuf::from(format!("{base}.{number:03}")));
        let names = std::iter::once(PathBuf::from(&base)).chain(numbered);
        names
            .into_iter()
            .find(|name| !name.exists())
            .unwrap_or_else(|| base.into())
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
        let full = self.size > 0 && self.size.saturating_add(bytes.len() as u64) > self.limits.size;
        if (today > self.day && self.size > 0) || full {
            // A folder that does not let itself be changed is no reason to lose lines: go on in the old file.
            let _ = self.rotate(today);
        }
        self.day = self.day.max(today);
        let written = self.file.write(bytes)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Our own old files only: somebody else's `error.log.txt` is left alone.
fn is_dated(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() >= 10
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'.')
    })
}

/// Readable by the owner and the group: logs hold addresses and names of people.
fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

#[cfg(test)]
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

    /// Noon of the real today: a file's own time comes from the system.
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
}
