//! The checks of `doctor`.

use crate::harness::Home;
use crate::on_both_engines;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

/// The verdict and the text of a check.
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
    let output = home.run(&["doctor", "--json"]);
    assert_eq!(output.exit, Some(exit), "{output:?}");
    serde_json::from_str(&output.out).unwrap()
}

on_both_engines! {
    async fn a_complete_setup_is_healthy(home: Home) {
        home.create_admin();
        let report = report(&home, 0);
        assert_eq!(report["healthy"], true);
        for check in ["data folder", "master key", "clock", "open files", "mail", "database", "schema", "durability", "administrator"] {
            assert_eq!(finding(&report, check).0, "ok", "{check}: {report}");
        }
        assert_eq!(finding(&report, "setting").0, "warn", "unsafe in production: {report}");
        let output = home.run(&["doctor"]).success();
        assert!(output.contains("\nok    database: ") && output.contains("fix: "), "{output}");
    }

    async fn a_missing_schema_is_a_warning_and_nothing_is_created(home: Home) {
        let report = report(&home, 0);
        assert!(!home.path("data").exists(), "doctor created something");
        assert_eq!(finding(&report, "data folder").0, "warn");
        let database = finding(&report, "database").0;
        let is_missing = if home.database_url().starts_with("sqlite") { database } else { finding(&report, "schema").0 };
        assert_eq!(is_missing, "warn", "{report}");
        home.run(&["migrate"]).success();
        assert_eq!(home.run(&["migrate"]).success(), "the schema is up to date\n");
    }

    async fn a_database_with_a_newer_schema_fails(home: Home) {
        home.create_admin();
        let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                     VALUES (9999, 'later', '2026-11-22T10:00:00Z', '1')";
        home.execute_raw(newer, newer).await;
        let report = report(&home, 1);
        assert_eq!(report["healthy"], false);
        assert_eq!(finding(&report, "schema").0, "fail", "{report}");
        let output = home.run(&["serve"]);
        assert_eq!(output.exit, Some(1), "{output:?}");
        assert!(output.err.contains("newer than this program"), "{}", output.err);
    }
}

#[test]
fn a_master_key_readable_by_others_fails_and_serve_rejects_it() {
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
fn unreachable_services_fail_and_do_not_hide_other_checks() {
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
    let output = home.run_with_env(&environment, &["doctor", "--json"]);
    assert_eq!(output.exit, Some(1), "{output:?}");
    let report: Value = serde_json::from_str(&output.out).unwrap();
    for check in ["database", "mail", "secrets"] {
        assert_eq!(finding(&report, check).0, "fail", "{check}: {report}");
    }
    assert_eq!(finding(&report, "clock").0, "ok");
    assert!(!output.out.contains("hunter2"), "{}", output.out);
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(
            check["verdict"] == "ok",
            check["fix"].is_null(),
            "every check that is not ok has a fix: {check}"
        );
    }
}
