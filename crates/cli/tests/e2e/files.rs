//! Who can read what a server keeps, and what the folder it keeps it in may be called.

use crate::harness::{ADMIN, Home, Server};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The same command under another umask.
fn under_umask(umask: &str, command: &Command) -> Command {
    let script = format!("umask {umask}; exec \"$0\" \"$@\"");
    let mut wrapped = Command::new("sh");
    wrapped
        .arg("-c")
        .arg(script)
        .arg(command.get_program())
        .args(command.get_args());
    wrapped
        .env_clear()
        .current_dir(command.get_current_dir().unwrap());
    wrapped.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    wrapped.env("PATH", "/usr/bin:/bin");
    wrapped
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

fn tree(path: &Path, into: &mut Vec<PathBuf>) {
    into.push(path.to_owned());
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            tree(&entry.unwrap().path(), into);
        }
    }
}

fn findings(home: &Home, exit: i32) -> Vec<(String, String)> {
    let ran = home.run(&["doctor", "--json"]);
    assert_eq!(ran.exit, Some(exit), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let files = checks.filter(|finding| finding["check"] == "files");
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    files
        .map(|finding| (text(finding, "verdict"), text(finding, "found")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_umask_everything_is_for_its_owner_alone() {
    let home = Home::sqlite();
    let mut serve = home.command(&["serve"]);
    serve.env("LOG_DIR", "logs");
    let server = Server::start(under_umask("000", &serve)).await;
    assert_eq!(server.client().get("/health/ready").await.status, 200);
    let mut paths = Vec::new();
    for folder in ["data", "logs"] {
        tree(&home.path(folder), &mut paths);
    }
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let names: Vec<String> = paths.iter().map(name).collect();
    for expected in [
        "data",
        "logs",
        "mainstay.db",
        "mainstay.db-wal",
        "mainstay.db-shm",
        "master.key",
        "combined.log",
        "error.log",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected}: {names:?}");
    }
    for path in &paths {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(path), wanted, "{}", path.display());
    }
    server.stop().await;
    assert_eq!(
        findings(&home, 0),
        [("ok".to_owned(), "no other account can reach them".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_can_read_is_named_by_the_doctor_and_closed_by_the_next_start() {
    let home = Home::sqlite();
    home.create_admin();
    let open = [
        ("data", 0o755),
        ("data/mainstay.db", 0o644),
        ("data/audit.anchor", 0o644),
    ];
    for (name, mode) in open {
        std::fs::set_permissions(home.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let found = findings(&home, 1);
    let assert_found = |verdict: &str, end: &str| {
        assert!(
            found.iter().any(|(is, text)| is == verdict && text.contains(end)),
            "{end}: {found:?}"
        );
    };
    assert_found("warn", "/data may be read by other accounts (mode 755)");
    assert_found(
        "fail",
        "/data/mainstay.db may be read by other accounts (mode 644)",
    );
    assert_found(
        "fail",
        "/data/audit.anchor may be read by other accounts (mode 644)",
    );
    let server = home.serve().await;
    for (name, _) in open {
        assert_eq!(mode(&home.path(name)) & 0o077, 0, "{name}");
    }
    let printed = server.out();
    assert!(
        printed
            .iter()
            .any(|line| line.contains("other accounts could reach it") && line.contains("mainstay.db")),
        "{printed:#?}"
    );
    server.stop().await;
    assert_eq!(findings(&home, 0).len(), 1);
}

#[test]
fn the_data_folder_may_have_any_name() {
    for name in [
        "quest?ion",
        "ha#sh",
        "per%20cent",
        "a b'c\"d",
        "ünïcode",
        "a:memory:b",
        "file:x",
        "a@b:c",
        "semi;colon&and",
        "back\\slash",
    ] {
        let home = Home::sqlite();
        let environment = [("DATA_DIR", name)];
        let arguments = [
            "users",
            "create-admin",
            "--email",
            ADMIN.0,
            "--name",
            "Ada",
            "--password-stdin",
        ];
        let mut command = home.bare_command(&arguments);
        command.envs(environment);
        let ran = home.finish(&mut command, ADMIN.1);
        assert_eq!(ran.exit, Some(0), "{name}: {ran:?}");
        for file in ["mainstay.db", "master.key"] {
            assert!(home.path(name).join(file).exists(), "{name}: {file}");
        }
        assert_eq!(
            std::fs::read_dir(home.path(".")).unwrap().count(),
            1,
            "{name}: something is elsewhere"
        );
        let report = home.run_with_env(&environment, &["doctor", "--json"]).json();
        assert_eq!(report["healthy"], true, "{name}: {report}");
        let listed = home
            .run_with_env(&environment, &["users", "list", "--json"])
            .json();
        assert_eq!(listed[0]["email"], ADMIN.0, "{name}: {listed}");
    }
}

#[test]
fn a_folder_name_that_cannot_be_kept_is_refused_by_name() {
    let home = Home::sqlite();
    let mut command = home.bare_command(&["users", "list"]);
    command.env("DATA_DIR", OsStr::from_bytes(b"\xff"));
    let ran = home.finish(&mut command, "");
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("DATA_DIR") && ran.err.contains("is not UTF-8"),
        "{}",
        ran.err
    );
}
