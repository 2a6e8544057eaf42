//! Finds the installed PostgreSQL programs.

use std::path::{Path, PathBuf};

use crate::environment;

/// Where distributions install them outside the search path: one folder per version, each with a `bin`.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];

/// The folder with both `initdb` and `postgres`: from the search path, else of the newest version installed.
pub(crate) fn find() -> Option<PathBuf> {
    let mut installed: Vec<(u32, PathBuf)> = VERSIONS
        .iter()
        .flat_map(|folder| versions(Path::new(folder)))
        .collect();
    installed.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let folders = environment::search_path()
        .into_iter()
        .chain(installed.into_iter().map(|(_, bin)| bin));
    first_complete(folders)
}

fn versions(folder: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect()
}

fn first_complete(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.into_iter().find(|folder| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_a_folder_without_both_programs() {
        assert_eq!(first_complete([crate::project::root()]), None);
    }
}
