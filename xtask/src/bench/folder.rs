//! A folder for one run, on the disk that is measured, and gone afterwards.

use std::fs;
use std::path::{Path, PathBuf};

use super::Fallible;
use super::programs::Programs;

/// A folder that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes one beside what is built: a temporary folder may be memory, which syncs for nothing. Removes what runs
    /// have left that were killed.
    pub(super) fn make(programs: &Programs) -> Fallible<Self> {
        let all = programs.target.join("bench");
        fs::create_dir_all(&all)?;
        for entry in fs::read_dir(&all)? {
            let entry = entry?;
            if !Path::new("/proc").join(entry.file_name()).exists() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        let path = all.join(std::process::id().to_string());
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A new folder in it.
    pub(super) fn place(&self, name: &str) -> Fallible<Self> {
        let path = self.0.join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A copy of it, and of the folders in it, beside it.
    pub(super) fn copy(&self) -> Fallible<Self> {
        let to = Self(self.0.with_extension("turn"));
        copy(&self.0, &to.0)?;
        Ok(to)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left here, the next run removes.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) -> Fallible<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
            // Written now, or the disk writes it while something is measured.
            fs::File::open(&to)?.sync_all()?;
        }
    }
    Ok(())
}
