//! Checks that files can be written to a folder durably.

use super::finding::DoctorFinding;
use mainstay_platform::files;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

pub(super) fn check(name: &'static str, variable: &str, folder: &Path) -> DoctorFinding {
    let shown = folder.display();
    if !folder.exists() {
        let found = format!("{shown} does not exist yet");
        return DoctorFinding::warn(
            name,
            found,
            format!("the first start creates it, or set {variable}"),
        );
    }
    match try_out(folder) {
        Ok(()) => DoctorFinding::ok(name, format!("{shown} is writable, and fsync reaches the disk")),
        Err((what, error)) => {
            let found = format!("{shown}: {what}: {error}");
            DoctorFinding::fail(
                name,
                found,
                format!(
                    "allow this user to write there, free disk space, or set {variable} to another folder"
                ),
            )
        }
    }
}

/// Performs a durable write, and removes the file again.
fn try_out(folder: &Path) -> Result<(), (&'static str, io::Error)> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let outcome = write_durably(folder, &path);
    let removed = fs::remove_file(&path).map_err(|error| ("a file cannot be removed", error));
    outcome.and(removed)
}

fn write_durably(folder: &Path, path: &Path) -> Result<(), (&'static str, io::Error)> {
    let mut file = files::create_new(path).map_err(|error| ("no file can be created", error))?;
    file.write_all(b"doctor\n")
        .map_err(|error| ("no file can be written", error))?;
    file.sync_all()
        .map_err(|error| ("fsync of a file fails", error))?;
    files::sync_dir(folder).map_err(|error| ("fsync of the folder fails", error))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test puts a file in the way")]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_folder_that_takes_files_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            check("data folder", "DATA_DIR", folder.path()).verdict,
            Verdict::Ok
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_not_there_is_made_later_and_what_is_no_folder_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        assert_eq!(check("data folder", "DATA_DIR", &path).verdict, Verdict::Warn);
        fs::write(&path, "a file").unwrap();
        let finding = check("data folder", "DATA_DIR", &path);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(
            finding.found.contains("no file can be created"),
            "{}",
            finding.found
        );
    }
}
