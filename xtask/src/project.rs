//! The text files of the project.

use std::io;
use std::path::{Path, PathBuf};

/// Generated folders, and the file `.git` that a linked worktree has in place of the folder.
const GENERATED: [&str; 4] = [".git", "target", "data", "node_modules"];

/// A text file: its path, relative to the root and with `/` between folders, and its content.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Text {
    /// Whether the file's name ends in `.{extension}`.
    pub(crate) fn is(&self, extension: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, end)| end == extension)
    }

    /// Whether the whole file is tests: it is in a `tests` folder or named `tests.rs` or `…_tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("_tests.rs")
            || self
                .path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs")
    }

    /// Whether the file is one of these paths or inside one of these folders.
    pub(crate) fn is_in(&self, paths: &[&str]) -> bool {
        paths.iter().any(|prefix| {
            self.path
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        })
    }
}

/// The folder of the root manifest.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Every text file under `root`, sorted by path, except binary files and build output.
pub(crate) fn texts(root: &Path) -> io::Result<Vec<Text>> {
    let mut found = Vec::new();
    collect(root, "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Text>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}/{name}")
        };
        let kind = entry.file_type()?;
        if GENERATED.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), &path, found)?;
        } else if kind.is_file()
            && let Ok(body) = String::from_utf8(std::fs::read(entry.path())?)
        {
            found.push(Text { path, body });
        }
    }
    Ok(())
}

/// A text file for the tests of the rules.
#[cfg(test)]
pub(crate) fn text(path: &str, body: &str) -> Text {
    Text {
        path: path.to_owned(),
        body: body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sources_and_no_build_output() {
        let texts = texts(&root()).unwrap();
        assert!(texts.iter().any(|text| text.path == "xtask/src/project.rs"));
        assert!(!texts.iter().any(|text| text.path.starts_with("target/")));
    }

    #[test]
    fn is_in_matches_a_folder_or_a_file_but_no_longer_name() {
        let paths = ["crates/platform/src/database"];
        assert!(text("crates/platform/src/database/tx.rs", "").is_in(&paths));
        assert!(text("crates/platform/src/database.rs", "").is_in(&paths));
        assert!(!text("crates/platform/src/databases.rs", "").is_in(&paths));
    }

    #[test]
    fn recognises_test_files() {
        assert!(text("crates/app/tests/orders.rs", "").is_test());
        assert!(text("crates/app/src/orders/tests.rs", "").is_test());
        assert!(text("crates/app/src/orders_tests.rs", "").is_test());
        assert!(!text("crates/app/src/latests.rs", "").is_test());
    }
}
