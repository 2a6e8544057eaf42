//! The files of the project, as text.

use std::io;
use std::path::{Path, PathBuf};

/// What is made, not written: folders, and the file that a second checkout has in the place of `.git`.
const MADE: [&str; 4] = [".git", "target", "data", "node_modules"];

/// One text file: where it is, relative to the root and with `/` between folders, and what it says.
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

    /// Whether the whole file is tests: it stands in a `tests` folder or is called `tests.rs` or `…_tests.rs`.
    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("_tests.rs")
            || self
                .path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs")
    }

    /// Whether the file is, or stands in, one of these places.
    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            self.path
                .strip_prefix(place)
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

/// Every text file under `root`, sorted by path; binary files and what the build makes are left out.
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
        if MADE.contains(&name.as_str()) {
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

/// A file for the tests of the checks.
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
    fn reads_itself_and_not_the_build() {
        let texts = texts(&root()).unwrap();
        assert!(texts.iter().any(|text| text.path == "xtask/src/project.rs"));
        assert!(!texts.iter().any(|text| text.path.starts_with("target/")));
    }

    #[test]
    fn a_place_is_a_folder_or_a_file_but_not_a_longer_name() {
        let places = ["crates/platform/src/database"];
        assert!(text("crates/platform/src/database/tx.rs", "").is_in(&places));
        assert!(text("crates/platform/src/database.rs", "").is_in(&places));
        assert!(!text("crates/platform/src/databases.rs", "").is_in(&places));
    }

    #[test]
    fn knows_tests() {
        assert!(text("crates/app/tests/orders.rs", "").is_test());
        assert!(text("crates/app/src/orders/tests.rs", "").is_test());
        assert!(text("crates/app/src/orders_tests.rs", "").is_test());
        assert!(!text("crates/app/src/latests.rs", "").is_test());
    }
}
