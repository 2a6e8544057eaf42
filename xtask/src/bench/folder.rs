//! A temporary folder for one run, on the disk that is measured.

use std::fs;
use std::path::{Path, PathBuf};

use super::Fallible;
use super::programs::Programs;

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Creates one in the target folder, because the system's temporary folder may be in memory, where a sync costs
    /// nothing. Removes the folders of killed runs.
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

    /// Creates a folder in it.
    pub(super) fn subfolder(&self, name: &str) -> Fallible<Self> {
        let path = self.0.join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A copy of it with its contents, beside it.
    pub(super) fn copy(&self) -> Fallible<Self> {
        let to = Self(self.0.with_extension("copy"));
        copy(&self.0, &to.0)?;
        Ok(to)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The next run removes what remains here.
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
            // Synced now, so that the disk does not write it during a measurement.
            fs::File::open(&to)?.sync_all()?;
        }
    }
    Ok(())
}
