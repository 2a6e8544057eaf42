//! Managing accounts from the command line.

use crate::harness::{ADMIN, Home};
use crate::on_both_engines;
use serde_json::json;

on_both_engines! {
    async fn a_created_administrator_is_listed_and_can_sign_in(home: Home) {
        home.create_admin();
        let users = home.run(&["users", "list", "--json"]).json();
        assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
        assert_eq!((&users[0]["email"], &users[0]["name"]), (&json!(ADMIN.0), &json!("Ada")));
        assert_eq!((&users[0]["role"], &users[0]["status"]), (&json!("admin"), &json!("active")));
        let table = home.run(&["users", "list"]).success();
        assert!(table.starts_with("ID ") && table.contains(" admin@example.com "), "{table}");
        assert!(!table.contains("argon2") && !users.to_string().contains("argon2"));

        let server = home.serve().await;
        let body = json!({"email": ADMIN.0, "password": ADMIN.1});
        let tokens = server.client().post("/api/auth/login", body).await.data(200);
        assert_eq!(tokens["user"]["role"], "admin");
        server.stop().await;
    }

    async fn a_person_is_invited_and_the_mail_waits_for_the_server(home: Home) {
        let arguments = ["users", "invite", "--email", "ben@example.com", "--name", "Ben", "--role", "support"];
        assert_ne!(home.run(&arguments).exit, Some(0), "there is no database yet");
        home.create_admin();
        let table = home.run(&arguments).success();
        assert!(table.starts_with("invited ben@example.com ("), "{table}");
        let users = home.run(&["users", "list", "--json", "--role", "support"]).json();
        assert_eq!((&users[0]["email"], &users[0]["status"]), (&json!("ben@example.com"), &json!("invited")));
        assert_eq!(home.run(&arguments).exit, Some(1), "the address is taken");
        let unknown = ["users", "invite", "--email", "eve@example.com", "--name", "Eve", "--role", "pilot"];
        assert_eq!(home.run(&unknown).exit, Some(2));
        let foreign = ["users", "invite", "--email", "eve@example.com", "--name", "Eve", "--locale", "xx"];
        assert_eq!(home.run(&foreign).exit, Some(2));
        // The link is for its reader alone: it is in no output and, sealed, in the job that mails it.
        let jobs = home.run(&["jobs", "list", "--json"]).json();
        assert_eq!((&jobs[0]["kind"], &jobs[0]["state"]), (&json!("mail.account"), &json!("queued")));
        assert!(!table.contains("miv_") && !jobs.to_string().contains("miv_"), "{table} {jobs}");
    }

    async fn access_is_explained_by_the_rule_that_decided(home: Home) {
        home.create_admin();
        let ask = |question: &[&str]| home.run(&[&["access", "explain"], question].concat());
        let answer = ask(&[ADMIN.0, "update:user"]).success();
        let rule = "yes: allowed to the owner, holders of update:user: the role admin has every permission";
        assert_eq!(answer.trim_end(), rule);
        let answer = ask(&[ADMIN.0, "settle:order", "--json"]).json();
        assert_eq!(answer["allowed"], json!(false), "{answer}");
        assert_eq!(ask(&["ben@example.com", "update:user"]).exit, Some(1));
        assert_eq!(ask(&[ADMIN.0, "fly:plane"]).exit, Some(2));
        assert_eq!(ask(&["no-address", "update:user"]).exit, Some(2));
    }

    async fn a_duplicate_address_is_rejected_and_changes_nothing(home: Home) {
        home.create_admin();
        let again = ["users", "create-admin", "--email", "ADMIN@example.com", "--password-stdin", "--json"];
        let output = home.run_with_input(&again, "another long walk\n");
        assert_eq!(output.exit, Some(1), "{output:?}");
        assert!(output.err.starts_with("mainstay: ") && output.out.is_empty(), "{output:?}");
        assert_eq!(home.run(&["users", "list", "--json"]).json().as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_invalid_password_is_rejected_with_a_reason_and_not_printed() {
    let home = Home::sqlite();
    let arguments = [
        "users",
        "create-admin",
        "--email",
        "ada@example.com",
        "--password-stdin",
    ];
    for invalid in ["short", "", "PassWord1"] {
        let output = home.run_with_input(&arguments, &format!("{invalid}\n"));
        assert_eq!(output.exit, Some(2), "{invalid:?} {output:?}");
        assert!(output.err.contains("\n  password: "), "{}", output.err);
        assert!(
            invalid.is_empty() || !output.err.contains(invalid),
            "{}",
            output.err
        );
    }
    assert_eq!(home.run(&["users", "list", "--json"]).json(), json!([]));
    let output = home.run(&arguments[..4]);
    assert_eq!(output.exit, Some(2), "{output:?}");
    assert!(output.err.contains("--password-stdin"), "{}", output.err);
}

#[test]
fn the_password_is_the_first_line_with_any_line_ending() {
    let home = Home::sqlite();
    let make = |name: &str, input: &str| {
        let email = format!("{name}@example.com");
        let arguments = [
            "users",
            "create-admin",
            "--email",
            &email,
            "--password-stdin",
            "--json",
        ];
        home.run_with_input(&arguments, input).json()
    };
    assert_eq!(make("bare", ADMIN.1)["email"], "bare@example.com");
    make("unix", &format!("{}\n", ADMIN.1));
    make("windows", &format!("{}\r\nmore\n", ADMIN.1));
    assert_eq!(
        home.run(&["users", "list", "--json", "--limit", "2"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        home.run(&["users", "list", "--json", "--role", "support"]).json(),
        json!([])
    );
}
