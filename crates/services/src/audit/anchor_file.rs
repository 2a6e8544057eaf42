//! The file of the anchor. No link in the place of one of its files is followed, neither to read nor to write: whoever
//! can plant a link in the folder must not choose which file is overwritten or believed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longer than any anchor.
const MAX_BYTES: u64 = 4096;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("audit.anchor")
}

/// Opens a regular file by its own name. A pipe is not waited for.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let opened = options
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => refused(path, "a link"),
        _ => error,
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(refused(path, "no regular file"))
    }
}

fn refused(path: &Path, what: &str) -> io::Error {
    io::Error::other(format!(
        "{} is {what}, which is refused: find out who put it there, then remove it",
        path.display()
    ))
}

/// Takes the turn of this process: two that share the folder would put an older head over a newer one. Ends when the
/// file is dropped.
pub(super) fn lock(data_dir: &Path) -> io::Result<File> {
    fs::create_dir_all(data_dir)?;
    let lock = data_dir.join("audit.anchor.lock");
    let turn = open(&lock, OpenOptions::new().write(true).create(true).truncate(false))?;
    turn.lock()?;
    Ok(turn)
}

/// What is in the file; `None` when there is none.
pub(super) fn read(data_dir: &Path) -> io::Result<Option<String>> {
    let file = match open(&path(data_dir), OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Puts a new file in the place of the old one, whole and on the disk. The caller holds the [`lock`].
pub(super) fn replace(data_dir: &Path, text: &str) -> io::Result<()> {
    let draft = data_dir.join("audit.anchor.new");
    // One of a process that was killed, or a link, which is removed and not followed.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = open(&draft, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let path = path(data_dir);
    if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(refused(&path, "no regular file"));
    }
    fs::rename(&draft, &path)?;
    File::open(data_dir)?.sync_all()
}

/// Keeps what is in the place of the anchor under another name.
pub(super) fn set_aside(data_dir: &Path) -> io::Result<()> {
    fs::rename(path(data_dir), data_dir.join("audit.anchor.refused"))
}

#[cfg(test)]
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
