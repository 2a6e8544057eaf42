//! What the doctor sees.

use crate::harness::Home;
use crate::on_both;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// The verdict and the words of a check.
fn finding(report: &Value, check: &str) -> (String, String) {
    let found = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check}: {report}"));
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("verdict"), text("found"))
}

fn report(home: &Home, exit: i32) -> Value {
    let ran = home.run(&["doctor", "--json"]);
    assert_eq!(ran.exit, Some(exit), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

on_both! {
    async fn a_home_that_was_set_up_is_healthy(home: Home) {
        home.create_admin();
        let report = report(&home, 0);
        assert_eq!(report["healthy"], true);
        for check in ["data folder", "master key", "clock", "open files", "mail", "database", "schema", "durability", "administrator"] {
            assert_eq!(finding(&report, check).0, "ok", "{check}: {report}");
        }
        assert_eq!(finding(&report, "setting").0, "warn", "unsafe in production: {report}");
        let told = home.run(&["doctor"]).good();
        assert!(told.contains("\nok    database: ") && told.contains("fix: "), "{told}");
    }

    async fn a_schema_that_was_never_made_is_a_warning_and_nothing_is_made(home: Home) {
        let report = report(&home, 0);
        assert!(!home.path("data").exists(), "the doctor made something");
        assert_eq!(finding(&report, "data folder").0, "warn");
        let database = finding(&report, "database").0;
        let is_missing = if home.database_url().starts_with("sqlite") { database } else { finding(&report, "schema").0 };
        assert_eq!(is_missing, "warn", "{report}");
        home.run(&["migrate"]).good();
        assert_eq!(home.run(&["migrate"]).good(), "the schema is up to date\n");
    }

    async fn a_database_of_a_newer_version_fails(home: Home) {
        home.create_admin();
        let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                     VALUES (9999, 'later', '2026-11-22T10:00:00Z', '1')";
        home.tamper(newer, newer).await;
        let report = report(&home, 1);
        assert_eq!(report["healthy"], false);
        assert_eq!(finding(&report, "schema").0, "fail", "{report}");
        let refused = home.run(&["serve"]);
        assert_eq!(refused.exit, Some(1), "{refused:?}");
        assert!(refused.err.contains("newer than this program"), "{}", refused.err);
    }
}

#[test]
fn a_key_that_others_can_read_fails_and_serve_refuses_it() {
    let home = Home::sqlite();
    home.create_admin();
    std::fs::set_permissions(
        home.path("data/master.key"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let (verdict, found) = finding(&report(&home, 1), "master key");
    assert_eq!(verdict, "fail");
    assert!(found.contains("mode 644"), "{found}");
    assert_eq!(home.run(&["serve"]).exit, Some(2));
}

#[test]
fn what_is_away_fails_and_does_not_hide_the_rest() {
    let home = Home::sqlite();
    std::fs::write(
        home.path("mainstay.toml"),
        "[tokens]\nsecret = \"hunter2hunter2hunter2hunter2hunter2\"\n",
    )
    .unwrap();
    std::fs::set_permissions(home.path("mainstay.toml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (database, mail) = (
        format!("postgres://me:hunter2@127.0.0.1:{port}/shop"),
        format!("smtp://127.0.0.1:{port}"),
    );
    let environment = [("DATABASE_URL", &*database), ("SMTP_URL", &*mail)];
    let ran = home.run_in(&environment, &["doctor", "--json"]);
    assert_eq!(ran.exit, Some(1), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    for check in ["database", "mail", "secrets"] {
        assert_eq!(finding(&report, check).0, "fail", "{check}: {report}");
    }
    assert_eq!(finding(&report, "clock").0, "ok");
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(
            check["verdict"] == "ok",
            check["fix"].is_null(),
            "a fix for everything that is not well: {check}"
        );
    }
}
