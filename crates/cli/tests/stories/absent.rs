//! Commands that look make nothing, and say so where there is nothing to look at.

use crate::harness::Home;
use crate::on_both;
use std::collections::BTreeMap;
use std::path::Path;

const LOOKING: [&[&str]; 7] = [
    &["users", "list"],
    &["jobs", "list"],
    &["audit", "verify", "--json"],
    &["jobs", "retry", "0199b1f4-7c00-7000-8000-000000000001"],
    &["keys", "rotate"],
    &["audit", "verify"],
    &["audit", "accept", "--reason", "an exercise"],
];

/// Every file under a folder, but those that SQLite keeps while somebody looks, with its length.
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

on_both! {
    async fn where_there_is_no_database_they_refuse_and_make_none(home: Home) {
        for arguments in LOOKING {
            let ran = home.run(arguments);
            assert_eq!((ran.exit, ran.out.as_str()), (Some(3), ""), "{arguments:?} {ran:?}");
            let is_file = home.database_url().starts_with("sqlite");
            let why = if is_file { "there is no database: " } else { "the schema of the database lacks V1" };
            assert!(ran.err.contains(why) && ran.err.trim_end().lines().count() == 1, "{}", ran.err);
        }
        assert!(!home.path("data").exists(), "something was made");
    }

    async fn the_doctor_makes_no_key_where_none_was_made(home: Home) {
        home.run(&["migrate"]).good();
        let before = files(&home.path("data"));
        let told = home.run(&["doctor"]).good();
        assert!(told.contains("administrator: nobody can administer yet"), "{told}");
        assert_eq!(home.run(&["users", "list", "--json"]).json(), serde_json::json!([]));
        assert_eq!(files(&home.path("data")), before);
        assert!(!home.path("data/master.key").exists());
        // No key was made in the database, and no entry tells of one.
        let verdict = home.run(&["audit", "verify", "--json"]).json();
        assert_eq!((&verdict["verified"], &verdict["waiting"]), (&0.into(), &0.into()), "{verdict}");
        home.create_admin();
        assert!(home.path("data/master.key").exists());
    }
}

#[test]
fn the_demo_is_refused_in_production_by_name() {
    let home = Home::sqlite();
    let environment = [
        ("APP_ENV", "production"),
        ("PORT", "0"),
        ("PUBLIC_URL", "https://shop.example"),
        ("MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("SMTP_URL", "smtps://u:p@mail.example"),
        ("PAYMENT_GATEWAY", "none"),
    ];
    let ran = home.run_in(&environment, &["serve", "--demo"]);
    assert_eq!(ran.exit, Some(2), "{ran:?}");
    assert!(
        ran.err.starts_with("mainstay: --demo is refused in production"),
        "{}",
        ran.err
    );
    assert!(!home.path("data").exists(), "something was made");
}

#[test]
fn settings_that_cannot_work_are_all_told_by_every_command() {
    let home = Home::sqlite();
    let environment = [
        ("SMTP_URL", "smtp://:hunter2@mail.example"),
        ("MAIL_FROM", "a@b..c"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("VERIFY_EMAIL", "required"),
    ];
    for command in ["config", "serve"] {
        let ran = home.run_in(&environment, &[command]);
        assert_eq!(ran.exit, Some(2), "{ran:?}");
        for (name, _) in environment {
            assert!(ran.err.contains(name), "{name}: {}", ran.err);
        }
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
}
