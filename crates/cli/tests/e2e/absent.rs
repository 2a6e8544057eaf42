//! Read-only commands create nothing, and report a missing database.

use crate::harness::Home;
use crate::on_both_engines;
use std::collections::BTreeMap;
use std::path::Path;

const READ_ONLY: [&[&str]; 7] = [
    &["users", "list"],
    &["jobs", "list"],
    &["audit", "verify", "--json"],
    &["jobs", "retry", "0199b1f4-7c00-7000-8000-000000000001"],
    &["keys", "rotate"],
    &["audit", "verify"],
    &["audit", "accept", "--reason", "an exercise"],
];

/// Every file under a folder with its length, except the `-wal` and `-shm` files that SQLite creates for readers.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.map(Result::unwrap) {
        let name = entry.path().display().to_string();
        match entry.metadata().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false if name.ends_with("-wal") || name.ends_with("-shm") => {}
            false => drop(found.insert(name, entry.metadata().unwrap().len())),
        }
    }
    found
}

on_both_engines! {
    async fn read_only_commands_fail_without_a_database_and_create_none(home: Home) {
        for arguments in READ_ONLY {
            let output = home.run(arguments);
            assert_eq!((output.exit, output.out.as_str()), (Some(3), ""), "{arguments:?} {output:?}");
            let is_file = home.database_url().starts_with("sqlite");
            let error = if is_file { "there is no database: " } else { "the schema of the database lacks V1" };
            assert!(output.err.contains(error) && output.err.trim_end().lines().count() == 1, "{}", output.err);
        }
        assert!(!home.path("data").exists(), "a data folder was created");
    }

    async fn doctor_creates_no_key(home: Home) {
        home.run(&["migrate"]).success();
        let before = files(&home.path("data"));
        let output = home.run(&["doctor"]).success();
        assert!(output.contains("administrator: there is no administrator yet"), "{output}");
        assert_eq!(home.run(&["users", "list", "--json"]).json(), serde_json::json!([]));
        assert_eq!(files(&home.path("data")), before);
        assert!(!home.path("data/master.key").exists());
        // No key was created in the database, and no audit entry records one.
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert_eq!((&verdict["verified"], &verdict["waiting"]), (&0.into(), &0.into()), "{verdict}");
        home.create_admin();
        assert!(home.path("data/master.key").exists());
    }
}

#[test]
fn production_rejects_the_demo_flag() {
    let home = Home::sqlite();
    let environment = [
        ("APP_ENV", "production"),
        ("PORT", "0"),
        ("PUBLIC_URL", "https://shop.example"),
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("MASTER_KEY", "TqT4fmMWitmK2a+4Vjc2MnpNdWCMCOTJCArtGgHOUBg="),
        ("SMTP_URL", "smtps://u:p@mail.example"),
        ("PAYMENT_GATEWAY", "none"),
    ];
    let output = home.run_with_env(&environment, &["serve", "--demo"]);
    assert_eq!(output.exit, Some(2), "{output:?}");
    assert!(
        output
            .err
            .starts_with("mainstay: --demo is refused in production"),
        "{}",
        output.err
    );
    assert!(!home.path("data").exists(), "a data folder was created");
}

#[test]
fn every_command_reports_all_invalid_settings() {
    let home = Home::sqlite();
    let environment = [
        ("SMTP_URL", "smtp://:hunter2@mail.example"),
        ("MAIL_FROM", "a@b..c"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("VERIFY_EMAIL", "sometimes"),
    ];
    for command in ["config", "serve"] {
        let output = home.run_with_env(&environment, &[command]);
        assert_eq!(output.exit, Some(2), "{output:?}");
        for (name, _) in environment {
            assert!(output.err.contains(name), "{name}: {}", output.err);
        }
        assert!(!output.err.contains("hunter2"), "{}", output.err);
    }
}
