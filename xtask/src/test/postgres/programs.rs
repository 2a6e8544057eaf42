//! Where PostgreSQL's programs are installed.

use std::path::{Path, PathBuf};

use crate::environment;

/// Where distributions put them, out of the search path: folders of versions, each with a `bin`.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];

/// The folder that holds both `initdb` and `postgres`: from the search path, else of the newest version installed.
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
    fn a_folder_without_both_programs_is_passed_over() {
        assert_eq!(first_complete([crate::project::root()]), None);
    }
}
