//! Creates every file and folder of the product, so that other accounts of the machine cannot read them.
//!
//! A new folder has mode 0700 and a new file 0600, whatever the umask is. No function writes through a symbolic link:
//! a link at the path of a file to be written is an error. A folder may be reached through a link that this
//! account or the superuser made, because administrators move folders to other disks that way.
//!
//! `clippy.toml` bans the `std::fs` functions that create, replace or change files everywhere else.

#![expect(
    clippy::disallowed_methods,
    reason = "the one module that makes files; everything else calls it"
)]

mod exposure;
#[cfg(test)]
mod tests;

pub use exposure::{Exposure, OTHERS, OTHERS_OF_A_LOG, exposure};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Attempts of [`open_append`] when another process creates or removes the file in between.
const MAX_ATTEMPTS: usize = 8;

/// Creates a folder and its missing parents, each with mode 0700. A folder that exists keeps its mode.
///
/// # Errors
/// The error of the file system; [`ErrorKind::NotADirectory`] when the path is no folder;
/// [`ErrorKind::PermissionDenied`] when it is a link that another account made.
pub fn make_dir(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) => return check_dir(path, &found),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let parent = folder_of(path);
    if parent != path {
        make_dir(parent)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Ok(()) => {
            let opened = open_existing(File::options().read(true), path, OFlags::DIRECTORY)?;
            settle(&opened, FOLDER_MODE, parent)
        }
        // Another process created it in between.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            check_dir(path, &fs::symlink_metadata(path)?)
        }
        Err(error) => Err(error),
    }
}

/// Creates a file that must not exist yet, mode 0600, open for reading and writing.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`], also for a dangling link; otherwise the error of the file system.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(FILE_MODE);
    let file = options.open(path)?;
    settle(&file, FILE_MODE, folder_of(path))?;
    Ok(file)
}

/// Opens a file for reading and for appending; creates it with mode 0600 if it is missing.
///
/// # Errors
/// [`ErrorKind::PermissionDenied`] when the path is a symbolic link, [`ErrorKind::InvalidInput`] when it is something
/// else that is no file; otherwise the error of the file system.
pub fn open_append(path: &Path) -> io::Result<File> {
    for _ in 0..MAX_ATTEMPTS {
        match create_new(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made,
        }
        match open_existing(File::options().read(true).append(true), path, OFlags::empty()) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return regular(opened?, path),
        }
    }
    Err(refused(path, "is made and removed again all the time"))
}

/// Opens a file for reading without following a link; the metadata (owner, mode) is that of the opened file.
///
/// # Errors
/// As [`open_append`], and [`ErrorKind::NotFound`].
pub fn read(path: &Path) -> io::Result<(File, Metadata)> {
    let file = open_existing(File::options().read(true), path, OFlags::empty())?;
    let file = regular(file, path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Creates an empty file with mode 0600 if there is none, for a library that opens it by its path.
///
/// # Errors
/// The error of the file system; [`ErrorKind::PermissionDenied`] when it is a link that another account made.
pub fn make_file(path: &Path) -> io::Result<()> {
    match create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            check_link(path, &fs::symlink_metadata(path)?)
        }
        made => made.map(drop),
    }
}

/// Replaces the file at `path` by one with these bytes: readers find the old one or the new one, also after a power
/// cut. `draft` is a path on the same file system that no other process or thread uses at the same time; a file that a
/// crash left there is removed.
///
/// # Errors
/// The error of the file system; the old file then stays.
pub fn replace(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    write_draft(draft, bytes)?;
    let renamed = fs::rename(draft, path);
    if renamed.is_err() {
        // The error to report is that of the rename.
        let _ = fs::remove_file(draft);
    }
    renamed?;
    sync_dir(folder_of(path))
}

/// Puts a file with these bytes at `path`, unless there is one: then that one stays. No reader ever finds half of it.
/// `draft` as in [`replace`].
///
/// # Errors
/// The error of the file system.
pub fn put_if_absent(path: &Path, draft: &Path, bytes: &[u8]) -> io::Result<()> {
    write_draft(draft, bytes)?;
    // A hard link, not a rename, which would replace a file that another process just created.
    let linked = match fs::hard_link(draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    let removed = fs::remove_file(draft);
    linked.and(removed)?;
    sync_dir(folder_of(path))
}

/// Renames a file, replacing any file of the new name.
///
/// # Errors
/// The error of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Syncs a folder, so that its entries are as durable as the files.
///
/// # Errors
/// The error of the file system.
pub fn sync_dir(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The parent folder of a path; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create_new(draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // The error to report is that of the write.
        let _ = fs::remove_file(draft);
    }
    written
}

/// Opens the file at a path without following a link, and without waiting for the other end of a pipe.
fn open_existing(options: &mut fs::OpenOptions, path: &Path, also: OFlags) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | also;
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
            refused(path, "is a symbolic link, which is not followed")
        }
        _ => error,
    })
}

fn regular(file: File, path: &Path) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    let sentence = format!("{} is not a file", path.display());
    Err(io::Error::new(ErrorKind::InvalidInput, sentence))
}

fn check_dir(path: &Path, found: &Metadata) -> io::Result<()> {
    check_link(path, found)?;
    if found.is_dir() || (found.is_symlink() && fs::metadata(path)?.is_dir()) {
        return Ok(());
    }
    let sentence = format!("{} is not a folder", path.display());
    Err(io::Error::new(ErrorKind::NotADirectory, sentence))
}

/// A link is followed only when this account or the superuser made it: another account's may lead anywhere.
fn check_link(path: &Path, found: &Metadata) -> io::Result<()> {
    if !found.is_symlink() || is_trusted(found.uid()) {
        return Ok(());
    }
    Err(refused(path, "is a symbolic link that another account made"))
}

fn is_trusted(uid: u32) -> bool {
    uid == geteuid().as_raw() || uid == 0
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, format!("{} {why}", path.display()))
}

/// Gives a new file or folder its mode, which the umask may have cut, and its owner: what the superuser creates in a
/// folder of another account belongs to that account, or the service could not read files of a command run as root.
fn settle(made: &File, mode: u32, folder: &Path) -> io::Result<()> {
    if made.metadata()?.permissions().mode() & 0o777 != mode {
        made.set_permissions(Permissions::from_mode(mode))?;
    }
    if geteuid().is_root() {
        let owner = fs::metadata(folder)?;
        if owner.uid() != 0 {
            std::os::unix::fs::fchown(made, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}
