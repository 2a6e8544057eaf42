//! Finds files and folders that other accounts of the machine can access, and removes that access.

use super::{FILE_MODE, FOLDER_MODE, is_trusted, open_existing};
use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The permission bits that no file of Mainstay may have: all bits of the group and of others.
pub const OTHERS: u32 = 0o077;
/// The same for log files and their folder: administrators let a group read them, for a program that collects logs.
pub const OTHERS_OF_A_LOG: u32 = 0o027;

/// A file or folder that other accounts can access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The path of the file or folder.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// The uid of its owner, if neither this account nor the superuser: the owner can read it whatever the mode.
    pub stranger: Option<u32>,
    is_dir: bool,
    bits: u32,
}

/// How other accounts can access the file or folder at a path, following links; `None` when they cannot or none exists.
/// `bits` are the permission bits it must not have: [`OTHERS`] or [`OTHERS_OF_A_LOG`].
///
/// # Errors
/// The error of the file system, except that nothing exists at the path.
pub fn exposure(path: &Path, bits: u32) -> io::Result<Option<Exposure>> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mode = found.permissions().mode() & 0o7777;
    // The superuser administers all accounts, so no owner counts as foreign to it.
    let stranger = (!is_trusted(found.uid()) && !geteuid().is_root()).then_some(found.uid());
    let exposed = mode & bits != 0 || stranger.is_some();
    Ok(exposed.then(|| Exposure {
        path: path.to_owned(),
        mode,
        stranger,
        is_dir: found.is_dir(),
        bits,
    }))
}

impl Exposure {
    /// Removes the bits, if this account owns the file or folder. Returns whether it did.
    ///
    /// # Errors
    /// The error of the file system; [`ErrorKind::PermissionDenied`] when the path has become a link.
    pub fn tighten(&self) -> io::Result<bool> {
        let opened = open_existing(File::options().read(true), &self.path, OFlags::empty())?;
        let found = opened.metadata()?;
        if found.uid() != geteuid().as_raw() || self.mode & self.bits == 0 {
            return Ok(false);
        }
        let mode = found.permissions().mode() & 0o7777 & !self.bits;
        opened.set_permissions(Permissions::from_mode(mode))?;
        Ok(true)
    }

    /// The command with which an administrator corrects the permissions.
    pub fn fix(&self) -> String {
        let path = self.path.display();
        if self.stranger.is_some() {
            return format!("chown it to the account that runs Mainstay: chown -R ACCOUNT {path}");
        }
        let mode = if self.is_dir { FOLDER_MODE } else { FILE_MODE };
        format!("chmod {mode:o} {path}")
    }
}

/// As a sentence: `data/mainstay.db may be read by other accounts (mode 644)`.
impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, mode) = (self.path.display(), self.mode);
        match self.stranger {
            Some(uid) => write!(
                f,
                "{path} belongs to another account (uid {uid}, mode {mode:03o})"
            ),
            None if mode & 0o022 != 0 => {
                write!(f, "{path} may be changed by other accounts (mode {mode:03o})")
            }
            None => write!(f, "{path} may be read by other accounts (mode {mode:03o})"),
        }
    }
}
