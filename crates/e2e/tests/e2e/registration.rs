//! Registration of accounts.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_registered_customer_is_signed_in;
    a_bad_registration_lists_every_error_at_once;
    a_taken_address_is_a_conflict_in_any_spelling;
    trap_06_no_client_registers_with_a_role_of_its_choice;
    one_address_registered_twice_at_once_is_one_account;
}

const REGISTER: &str = "/api/auth/register";

async fn a_registered_customer_is_signed_in(app: &TestApp) {
    let body = json!({"email": "Ann@Example.com", "password": "walks in the rain", "name": "Ann"});
    let answer = app.client().post(REGISTER, body).await.expect(201);
    let data = answer.data();
    assert_eq!(data["tokenType"], "Bearer");
    assert_eq!(data["user"]["email"], "ann@example.com");
    assert_eq!(data["user"]["role"], "customer");
    assert_eq!(data["user"]["status"], "active");
    assert_eq!(data["user"]["emailVerified"], false);
    assert_eq!(data["user"]["permissions"], json!(["create:order"]));
    assert!(!answer.text().contains("password"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let me = app
        .client()
        .bearer(data["accessToken"].as_str().unwrap())
        .get("/api/users/me")
        .await
        .expect(200);
    assert_eq!(me.data()["id"], data["user"]["id"]);
}

async fn a_bad_registration_lists_every_error_at_once(app: &TestApp) {
    let client = app.client();
    let bad = client
        .post(
            REGISTER,
            json!({"email": "no-address", "password": "short", "name": ""}),
        )
        .await;
    let faults = bad.expect_error(400, "VALIDATION_FAILED").validation_errors();
    let paths: Vec<_> = faults
        .iter()
        .map(|fault| fault.split(' ').next().unwrap())
        .collect();
    assert!(paths.contains(&"email") && paths.contains(&"name"), "{faults:?}");
    for password in [
        "short",
        "password",
        "Password1",
        "ann@example.com",
        &"x".repeat(257),
    ] {
        let body = json!({"email": "ann@example.com", "password": password, "name": "Ann"});
        let answer = client
            .post(REGISTER, body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
        assert!(
            answer.validation_errors()[0].starts_with("password "),
            "{password}: {answer:?}"
        );
        assert!(
            !answer.text().contains(password) || password == "password",
            "{answer:?}"
        );
    }
    app.client()
        .post(
            "/api/auth/login",
            json!({"email": "ann@example.com", "password": "password"}),
        )
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
}

async fn a_taken_address_is_a_conflict_in_any_spelling(app: &TestApp) {
    app.customer("ann").await;
    for email in ["ann@example.com", "ANN@example.com", " ann@EXAMPLE.com "] {
        let body = json!({"email": email, "password": "another password", "name": "Eve"});
        let answer = app.client().post(REGISTER, body).await;
        assert!(matches!(answer.status, 409 | 400), "{answer:?}");
        assert!(answer.status == 400 || answer.code() == "CONFLICT", "{answer:?}");
    }
    let ann = app.customer("ann").await;
    assert_eq!(ann.get("/api/users/me").await.expect(200).data()["name"], "ann");
}

async fn trap_06_no_client_registers_with_a_role_of_its_choice(app: &TestApp) {
    for field in ["role", "permissions", "status", "id", "emailVerified", "version"] {
        let body = json!({"email": "eve@example.com", "password": "walks in the rain", "name": "Eve", field: "admin"});
        let faults = app
            .client()
            .post(REGISTER, body)
            .await
            .expect_error(400, "VALIDATION_FAILED")
            .validation_errors();
        assert!(faults[0].starts_with(field), "{faults:?}");
    }
    let body = json!({"email": "eve@example.com", "password": "walks in the rain", "name": "Eve"});
    let eve = app.client().post(REGISTER, body).await.expect(201).data();
    assert_eq!(eve["user"]["role"], "customer");
    let eve = app.client().bearer(eve["accessToken"].as_str().unwrap());
    for field in ["role", "permissions", "status", "emailVerified"] {
        let answer = eve.patch("/api/users/me", json!({ field: "admin" })).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(
        eve.get("/api/users/me").await.expect(200).data()["role"],
        "customer"
    );
}

async fn one_address_registered_twice_at_once_is_one_account(app: &TestApp) {
    let client = app.client();
    let register = |name: &'static str| {
        let body = json!({"email": "ann@example.com", "password": "walks in the rain", "name": name});
        let client = client.clone();
        async move { client.post(REGISTER, body).await }
    };
    let answers = futures_util::future::join_all(["a", "b", "c", "d"].map(register)).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    let users = app
        .admin()
        .await
        .get("/api/users?role=customer")
        .await
        .expect(200);
    assert_eq!(users.pagination()["total"], 1);
}
