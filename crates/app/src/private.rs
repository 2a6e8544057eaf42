//! The files of a process, and which of them other accounts of the machine can access.

use mainstay_platform::config::Settings;
use mainstay_platform::database::sqlite_path;
use mainstay_platform::files::{Exposure, OTHERS, OTHERS_OF_A_LOG, exposure};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Name prefixes of the files and folders that this program creates in `DATA_DIR`. The master key is not among
/// them: the program refuses a key that others can read, because it then counts as compromised.
const DATA_NAMES: [&str; 5] = [
    "mainstay.db",
    "audit.anchor",
    "mail",
    "test-gateway.jsonl",
    "exports",
];
/// The same in `LOG_DIR`.
const LOG_NAMES: [&str; 2] = ["combined.log", "error.log"];
/// Names of further files that this program may have in a folder of its own.
const BESIDES: [&str; 4] = ["master.key", ".master-key-", ".doctor-", "lost+found"];

/// The files that other accounts of the machine can access: data folder, database, audit anchor, mail, the test
/// gateway's ledger and the logs. In a folder that only this account can enter, the files of its subfolders are not
/// checked. Files that cannot be checked are left out.
pub fn exposed_files(settings: &Settings) -> Vec<Exposure> {
    let mut found = Vec::new();
    let data = real(&settings.data_dir);
    read(&data, OTHERS, &mut found);
    for path in inside(&data, &DATA_NAMES) {
        tree(&path, OTHERS, &mut found);
    }
    for path in database_files(settings) {
        read(&path, OTHERS, &mut found);
    }
    if let Some(logs) = settings.log.dir.as_deref().map(real) {
        read(&logs, OTHERS_OF_A_LOG, &mut found);
        for path in inside(&logs, &LOG_NAMES) {
            read(&path, OTHERS_OF_A_LOG, &mut found);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|exposure| seen.insert(exposure.path.clone()));
    found
}

/// Removes the access that [`exposed_files`] finds, and logs it. A folder shared with other programs stays
/// unchanged, and so does anything that another account owns: then the log names the remedy for the administrator.
pub(crate) fn tighten(settings: &Settings) {
    for exposure in exposed_files(settings) {
        let (path, mode) = (exposure.path.display(), format!("{:03o}", exposure.mode));
        let tightened = match is_shared(&exposure.path, settings) {
            true => Ok(false),
            false => exposure.tighten(),
        };
        match tightened {
            Ok(true) => {
                tracing::warn!(%path, mode, "other accounts could reach it; their permissions were removed");
            }
            Ok(false) => tracing::warn!(%path, mode, fix = exposure.fix(), "{exposure}"),
            Err(error) => tracing::warn!(%path, mode, %error, fix = exposure.fix(), "{exposure}"),
        }
    }
}

/// Whether a path is a folder with entries that this program did not create: `/srv`, a home folder.
fn is_shared(path: &Path, settings: &Settings) -> bool {
    let logs = settings.log.dir.as_deref().map(real);
    let databases = database_files(settings);
    let is_ours = |entry: &Path| {
        let known = [&DATA_NAMES[..], &LOG_NAMES[..], &BESIDES[..]].concat();
        is_named(entry, &known)
            || Some(entry) == logs.as_deref()
            || databases.iter().any(|file| file == entry)
    };
    let is_root = path == real(&settings.data_dir) || Some(path) == logs.as_deref();
    is_root && entries(path).iter().any(|entry| !is_ours(entry))
}

/// The SQLite file and SQLite's files beside it; empty on PostgreSQL.
fn database_files(settings: &Settings) -> Vec<PathBuf> {
    let Ok(path) = sqlite_path(settings.database.url.expose()) else {
        return Vec::new();
    };
    let folder = real(mainstay_platform::files::folder_of(&path));
    let name = path.file_name().unwrap_or_default();
    ["", "-wal", "-shm", "-journal"]
        .into_iter()
        .map(|suffix| {
            let mut name = name.to_owned();
            name.push(suffix);
            folder.join(name)
        })
        .collect()
}

fn read(path: &Path, bits: u32, found: &mut Vec<Exposure>) {
    found.extend(exposure(path, bits).ok().flatten());
}

/// Checks a file, or a folder with all its content if others can enter it.
fn tree(path: &Path, bits: u32, found: &mut Vec<Exposure>) {
    let before = found.len();
    read(path, bits, found);
    // Not through a link, which may lead around in a circle.
    let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    if is_folder && found.len() > before {
        for entry in entries(path) {
            tree(&entry, bits, found);
        }
    }
}

fn inside(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let mut paths = entries(folder);
    paths.retain(|path| is_named(path, names));
    paths
}

fn is_named(path: &Path, beginnings: &[&str]) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    beginnings.iter().any(|beginning| name.starts_with(beginning))
}

/// The entries of a folder, by name; none if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = read.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The real path of a folder: administrators may have replaced it by a link.
fn real(folder: &Path) -> PathBuf {
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test makes what another program would"
)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn settings(data: &Path, logs: &Path) -> Settings {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let variables = BTreeMap::from([
            ("DATA_DIR".to_owned(), text(data)),
            ("LOG_DIR".to_owned(), text(logs)),
        ]);
        Settings::read(&[], &variables, None).unwrap().settings
    }

    fn put(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn everything_that_others_can_reach_is_named_and_tightened() {
        let root = tempfile::tempdir().unwrap();
        let (data, logs) = (root.path().join("data"), root.path().join("logs"));
        let open = [
            "mainstay.db",
            "mainstay.db-wal",
            "mainstay.db-shm",
            "audit.anchor",
            "mail/1.eml",
            "mail/.sent/1",
            "test-gateway.jsonl",
        ];
        for name in open {
            put(&data.join(name), 0o644);
        }
        put(&data.join("audit.anchor.lock"), 0o600);
        put(&logs.join("combined.log"), 0o644);
        put(&logs.join("error.log"), 0o640);
        for folder in [&data, &data.join("mail"), &data.join("mail/.sent"), &logs] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let settings = settings(&data, &logs);
        let mut named: Vec<String> = exposed_files(&settings)
            .iter()
            .map(|exposure| {
                exposure
                    .path
                    .strip_prefix(root.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect();
        named.sort();
        let mut expected: Vec<String> = open.iter().map(|name| format!("data/{name}")).collect();
        expected.extend(
            [
                "data",
                "data/mail",
                "data/mail/.sent",
                "logs",
                "logs/combined.log",
            ]
            .map(str::to_owned),
        );
        expected.sort();
        assert_eq!(named, expected);
        tighten(&settings);
        assert_eq!(exposed_files(&settings), []);
        assert_eq!((mode(&data), mode(&data.join("mainstay.db-wal"))), (0o700, 0o600));
        assert_eq!(mode(&logs.join("error.log")), 0o640, "a group may collect logs");
    }

    #[test]
    fn a_folder_that_other_programs_use_keeps_its_mode_and_is_named() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("srv");
        put(&data.join("mainstay.db"), 0o644);
        put(&data.join("website.html"), 0o644);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        let settings = settings(&data, &root.path().join("logs"));
        tighten(&settings);
        let left: Vec<PathBuf> = exposed_files(&settings)
            .into_iter()
            .map(|exposure| exposure.path)
            .collect();
        assert_eq!(left, [real(&data)]);
        assert_eq!((mode(&data), mode(&data.join("website.html"))), (0o755, 0o644));
        assert_eq!(mode(&data.join("mainstay.db")), 0o600);
    }
}
