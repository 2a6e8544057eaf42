//! Accounts from the command line.

use crate::harness::{ADMIN, Home};
use crate::on_both;
use serde_json::json;

on_both! {
    async fn an_administrator_is_made_listed_and_signs_in(home: Home) {
        home.create_admin();
        let users = home.run(&["users", "list", "--json"]).json();
        assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
        assert_eq!((&users[0]["email"], &users[0]["name"]), (&json!(ADMIN.0), &json!("Ada")));
        assert_eq!((&users[0]["role"], &users[0]["status"]), (&json!("admin"), &json!("active")));
        let table = home.run(&["users", "list"]).good();
        assert!(table.starts_with("ID ") && table.contains(" admin@example.com "), "{table}");
        assert!(!table.contains("argon2") && !users.to_string().contains("argon2"));

        let server = home.serve().await;
        let body = json!({"email": ADMIN.0, "password": ADMIN.1});
        let tokens = server.client().post("/api/auth/login", body).await.data(200);
        assert_eq!(tokens["user"]["role"], "admin");
        server.stop().await;
    }

    async fn the_same_address_twice_is_refused_and_changes_nothing(home: Home) {
        home.create_admin();
        let again = ["users", "create-admin", "--email", "ADMIN@example.com", "--password-stdin", "--json"];
        let ran = home.run_with(&again, "another long walk\n");
        assert_eq!(ran.exit, Some(1), "{ran:?}");
        assert!(ran.err.starts_with("mainstay: ") && ran.out.is_empty(), "{ran:?}");
        assert_eq!(home.run(&["users", "list", "--json"]).json().as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_bad_password_is_refused_with_its_reason_and_never_shown() {
    let home = Home::sqlite();
    let arguments = [
        "users",
        "create-admin",
        "--email",
        "ada@example.com",
        "--password-stdin",
    ];
    for bad in ["short", "", "PassWord1"] {
        let ran = home.run_with(&arguments, &format!("{bad}\n"));
        assert_eq!(ran.exit, Some(2), "{bad:?} {ran:?}");
        assert!(ran.err.contains("\n  password: "), "{}", ran.err);
        assert!(bad.is_empty() || !ran.err.contains(bad), "{}", ran.err);
    }
    assert_eq!(home.run(&["users", "list", "--json"]).json(), json!([]));
    let asked = home.run(&arguments[..4]);
    assert_eq!(asked.exit, Some(2), "{asked:?}");
    assert!(asked.err.contains("--password-stdin"), "{}", asked.err);
}

#[test]
fn only_the_first_line_is_the_password_whatever_ends_it() {
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
        home.run_with(&arguments, input).json()
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
