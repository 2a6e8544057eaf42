//! Where settings come from, and what is said of wrong ones.

use crate::harness::Home;
use serde_json::Value;

/// The value in force and where it came from.
fn effective(shown: &Value, key: &str) -> (String, String) {
    let setting = shown
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["key"] == key)
        .unwrap();
    let text = |name: &str| setting[name].as_str().unwrap().to_owned();
    (text("value"), text("origin"))
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_the_defaults() {
    let home = Home::sqlite();
    std::fs::write(
        home.path("mainstay.toml"),
        "[http]\nport = 1\n[log]\nlevel = \"warn\"\n[app]\ndata_dir = \"f\"\n",
    )
    .unwrap();
    let environment = [("PORT", "2"), ("LOG_LEVEL", "error"), ("HOST", "")];
    let arguments = ["config", "--json", "--port", "3", "--set", "DATABASE_POOL=5"];
    let shown = home.run_in(&environment, &arguments).json();
    for (key, value, origin) in [
        ("http.port", "3", "flag"),
        ("database.pool", "5", "flag"),
        ("log.level", "error", "environment"),
        ("app.data_dir", "f", "mainstay.toml:6"),
        ("http.host", "127.0.0.1", "default"),
        ("database.url", "sqlite://f/mainstay.db", "default"),
    ] {
        assert_eq!(
            effective(&shown, key),
            (value.to_owned(), origin.to_owned()),
            "{key}"
        );
    }
    std::fs::write(home.path("other.toml"), "[http]\nport = 9\n").unwrap();
    let shown = home
        .run_in(&[], &["config", "--json", "--config", "other.toml"])
        .json();
    assert_eq!(
        effective(&shown, "http.port"),
        ("9".to_owned(), "other.toml:2".to_owned())
    );
    assert_eq!(
        home.run_in(&[], &["config", "--config", "missing.toml"]).exit,
        Some(2)
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let home = Home::sqlite();
    std::fs::write(home.path("mainstay.toml"), "[http]\nprot = 80\n").unwrap();
    let environment = [
        ("PORT", "80a"),
        ("ALLOWED_ORIGINS", "*"),
        ("JWT_SECRET", "hunter2hunter2"),
        ("ROLES", "cook"),
    ];
    for command in ["serve", "config", "doctor", "migrate"] {
        let ran = home.run_in(
            &environment,
            &[
                command,
                "--set",
                "log.levle=info",
                "--set",
                "security.master_key=hunter2",
            ],
        );
        assert_eq!(ran.exit, Some(2), "{ran:?}");
        assert!(ran.out.is_empty(), "{}", ran.out);
        for told in [
            "http.port (PORT)",
            "http.allowed_origins",
            "tokens.secret",
            "app.roles",
            "http.prot",
            "log.levle",
        ] {
            assert!(ran.err.contains(told), "{told}: {}", ran.err);
        }
        assert!(
            ran.err
                .contains("a secret on the command line can be read by every user"),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    insta::assert_snapshot!(home.run_in(&environment, &["serve"]).err);
}

#[test]
fn production_refuses_what_is_unsafe_and_names_it() {
    let home = Home::sqlite();
    let ran = home.run_in(
        &[
            ("APP_ENV", "production"),
            ("RATE_LIMITS", "off"),
            ("LOG_LEVEL", "debug"),
        ],
        &["serve"],
    );
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    insta::assert_snapshot!(ran.err);
    assert!(!home.path("data").exists(), "it started nevertheless");
}

#[test]
fn secrets_are_masked_in_every_form() {
    let home = Home::sqlite();
    let master = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMjEyMzQ=";
    let environment = [
        ("DATABASE_URL", "postgres://me:hunter2@db/shop"),
        ("JWT_SECRET", "hunter2hunter2hunter2hunter2hunter2"),
        ("SMTP_URL", "smtps://me:hunter2@mail.example:465"),
        ("MASTER_KEY", master),
    ];
    for arguments in [&["config"][..], &["config", "--json"]] {
        let shown = home.run_in(&environment, arguments).good();
        assert!(!shown.contains("hunter2") && !shown.contains(master), "{shown}");
        assert!(shown.contains("postgres://me:***@db/shop"), "{shown}");
    }
    let refused = home.run_in(
        &environment,
        &["config", "--database-url", "postgres://me:hunter2@db/shop"],
    );
    assert_eq!(refused.exit, Some(2), "{refused:?}");
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let home = Home::sqlite();
    let mut command = home.command(&["config"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panic") && !text.contains("bug"), "{text}");
    assert_eq!(output.status.code(), Some(0), "{text}");
}
