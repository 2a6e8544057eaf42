//! The file of the anchor. Symbolic links in place of its files are followed neither to read nor to write: an
//! attacker who can plant a link in the folder must not choose which file is overwritten or trusted.

use mainstay_platform::files;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Longer than any anchor.
const MAX_BYTES: u64 = 4096;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("audit.anchor")
}

/// Describes what is at a path where opening the file failed.
fn explain(path: &Path, error: io::Error) -> io::Error {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => refused(path, "a link"),
        Ok(found) if !found.is_file() => refused(path, "no regular file"),
        _ => error,
    }
}

fn refused(path: &Path, what: &str) -> io::Error {
    io::Error::other(format!(
        "{} is {what}, which is refused: find out who put it there, then remove it",
        path.display()
    ))
}

/// Locks the anchor: of two processes that share the folder, one would write an older head over a newer one. Dropping
/// the file releases the lock.
pub(super) fn lock(data_dir: &Path) -> io::Result<File> {
    files::make_dir(data_dir)?;
    let lock = data_dir.join("audit.anchor.lock");
    let file = files::open_append(&lock).map_err(|error| explain(&lock, error))?;
    file.lock()?;
    Ok(file)
}

/// Reads the file; `None` when there is none.
pub(super) fn read(data_dir: &Path) -> io::Result<Option<String>> {
    let path = path(data_dir);
    let file = match files::read(&path) {
        Ok((file, _)) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(explain(&path, error)),
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Replaces the file, whole and flushed to the disk. The caller holds the [`lock`].
pub(super) fn replace(data_dir: &Path, text: &str) -> io::Result<()> {
    let path = path(data_dir);
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(explain(&path, io::ErrorKind::InvalidInput.into()));
    }
    files::replace(&path, &data_dir.join("audit.anchor.new"), text.as_bytes())
}

/// Renames what is in place of the anchor, so that it is preserved.
pub(super) fn set_aside(data_dir: &Path) -> io::Result<()> {
    files::rename(&path(data_dir), &data_dir.join("audit.anchor.refused"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test plants files and links")]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_file_is_replaced_whole_and_is_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("deep/data");
        let _turn = lock(&data_dir).unwrap();
        assert_eq!(read(&data_dir).unwrap(), None);
        fs::write(data_dir.join("audit.anchor.new"), "of a process that was killed").unwrap();
        replace(&data_dir, "one").unwrap();
        replace(&data_dir, "two").unwrap();
        assert_eq!(read(&data_dir).unwrap().as_deref(), Some("two"));
        let mode = fs::metadata(path(&data_dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_planted_link_is_neither_written_through_nor_read() {
        for planted in ["audit.anchor", "audit.anchor.new", "audit.anchor.lock"] {
            let folder = tempfile::tempdir().unwrap();
            let (data_dir, victim) = (folder.path().join("data"), folder.path().join("victim"));
            fs::create_dir(&data_dir).unwrap();
            fs::write(&victim, "the victim's").unwrap();
            symlink(&victim, data_dir.join(planted)).unwrap();
            let written = lock(&data_dir).and_then(|_turn| replace(&data_dir, "an anchor"));
            assert_eq!(fs::read_to_string(&victim).unwrap(), "the victim's", "{planted}");
            let is_draft = planted == "audit.anchor.new";
            assert_eq!(written.is_ok(), is_draft, "{planted}: {written:?}");
            if planted == "audit.anchor" {
                let error = read(&data_dir).unwrap_err().to_string();
                assert!(error.contains("is a link"), "{error}");
                set_aside(&data_dir).unwrap();
                replace(&data_dir, "an anchor").unwrap();
                assert_eq!(fs::read_to_string(&victim).unwrap(), "the victim's");
            }
            if planted == "audit.anchor.lock" {
                assert!(written.unwrap_err().to_string().contains("is a link"));
            }
        }
    }

    #[test]
    fn a_folder_or_a_link_to_nothing_is_refused_as_well() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(path(folder.path())).unwrap();
        assert!(read(folder.path()).is_err());
        assert!(replace(folder.path(), "an anchor").is_err());
        fs::remove_dir(path(folder.path())).unwrap();
        symlink(folder.path().join("nothing"), path(folder.path())).unwrap();
        assert!(read(folder.path()).is_err());
        assert!(!folder.path().join("nothing").exists());
    }
}
