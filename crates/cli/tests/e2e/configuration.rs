//! Sources of settings, and error messages for invalid ones.

use crate::harness::Home;
use serde_json::Value;

/// The effective value of a setting and its origin.
fn effective(config: &Value, key: &str) -> (String, String) {
    let setting = config
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["key"] == key)
        .unwrap();
    let text = |name: &str| setting[name].as_str().unwrap().to_owned();
    (text("value"), text("origin"))
}

#[test]
fn flags_override_the_environment_the_file_and_the_defaults_in_this_order() {
    let home = Home::sqlite();
    std::fs::write(
        home.path("mainstay.toml"),
        "[http]\nport = 1\n[log]\nlevel = \"warn\"\n[app]\ndata_dir = \"f\"\n",
    )
    .unwrap();
    let environment = [("PORT", "2"), ("LOG_LEVEL", "error"), ("HOST", "")];
    let arguments = ["config", "--json", "--port", "3", "--set", "DATABASE_POOL=5"];
    let config = home.run_with_env(&environment, &arguments).json();
    for (key, value, origin) in [
        ("http.port", "3", "flag"),
        ("database.pool", "5", "flag"),
        ("log.level", "error", "environment"),
        ("app.data_dir", "f", "mainstay.toml:6"),
        ("http.host", "127.0.0.1", "default"),
        ("database.url", "sqlite://f/mainstay.db", "default"),
    ] {
        assert_eq!(
            effective(&config, key),
            (value.to_owned(), origin.to_owned()),
            "{key}"
        );
    }
    std::fs::write(home.path("other.toml"), "[http]\nport = 9\n").unwrap();
    let config = home
        .run_with_env(&[], &["config", "--json", "--config", "other.toml"])
        .json();
    assert_eq!(
        effective(&config, "http.port"),
        ("9".to_owned(), "other.toml:2".to_owned())
    );
    assert_eq!(
        home.run_with_env(&[], &["config", "--config", "missing.toml"])
            .exit,
        Some(2)
    );
}

#[test]
fn all_invalid_settings_are_reported_at_once() {
    let home = Home::sqlite();
    std::fs::write(home.path("mainstay.toml"), "[http]\nprot = 80\n").unwrap();
    let environment = [
        ("PORT", "80a"),
        ("ALLOWED_ORIGINS", "*"),
        ("JWT_SECRET", "hunter2hunter2"),
        ("ROLES", "cook"),
    ];
    for command in ["serve", "config", "doctor", "migrate"] {
        let output = home.run_with_env(
            &environment,
            &[
                command,
                "--set",
                "log.levle=info",
                "--set",
                "security.master_key=hunter2",
            ],
        );
        assert_eq!(output.exit, Some(2), "{output:?}");
        assert!(output.out.is_empty(), "{}", output.out);
        for setting in [
            "http.port (PORT)",
            "http.allowed_origins",
            "tokens.secret",
            "app.roles",
            "http.prot",
            "log.levle",
        ] {
            assert!(output.err.contains(setting), "{setting}: {}", output.err);
        }
        assert!(
            output
                .err
                .contains("a secret on the command line can be read by every user"),
            "{}",
            output.err
        );
        assert!(!output.err.contains("hunter2"), "{}", output.err);
    }
    insta::assert_snapshot!(home.run_with_env(&environment, &["serve"]).err);
}

#[test]
fn production_rejects_unsafe_settings_by_name() {
    let home = Home::sqlite();
    let output = home.run_with_env(
        &[
            ("APP_ENV", "production"),
            ("RATE_LIMITS", "off"),
            ("LOG_LEVEL", "debug"),
        ],
        &["serve"],
    );
    assert_eq!(output.exit, Some(2), "{output:?}");
    insta::assert_snapshot!(output.err);
    assert!(!home.path("data").exists(), "it started nevertheless");
}

#[test]
fn secrets_are_masked_in_every_output_format() {
    let home = Home::sqlite();
    let master = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMjEyMzQ=";
    let environment = [
        ("DATABASE_URL", "postgres://me:hunter2@db/shop"),
        ("JWT_SECRET", "hunter2hunter2hunter2hunter2hunter2"),
        ("SMTP_URL", "smtps://me:hunter2@mail.example:465"),
        ("MASTER_KEY", master),
    ];
    for arguments in [&["config"][..], &["config", "--json"]] {
        let config = home.run_with_env(&environment, arguments).success();
        assert!(
            !config.contains("hunter2") && !config.contains(master),
            "{config}"
        );
        assert!(config.contains("postgres://me:***@db/shop"), "{config}");
    }
    let output = home.run_with_env(
        &environment,
        &["config", "--database-url", "postgres://me:hunter2@db/shop"],
    );
    assert_eq!(output.exit, Some(2), "{output:?}");
    assert!(!output.err.contains("hunter2"), "{}", output.err);
}

#[test]
fn a_closed_output_pipe_is_not_a_failure() {
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
