//! The first start and its setup link.

use crate::HOUR;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    the_setup_link_creates_the_first_administrator_once;
    a_setup_link_expires_after_a_day_or_with_the_next_link;
    trap_19_concurrent_uses_of_a_setup_link_create_one_administrator;
}

const SETUP: &str = "/api/auth/setup";

async fn link(app: &TestApp) -> Option<String> {
    let link = mainstay_services::setup::setup_link(app.engine().pipeline())
        .await
        .unwrap()?;
    Some(link.split_once('#').expect("the token follows #").1.to_owned())
}

fn claim(token: &str, email: &str) -> serde_json::Value {
    json!({"token": token, "email": email, "password": "walks in the rain", "name": "Root"})
}

async fn the_setup_link_creates_the_first_administrator_once(app: &TestApp) {
    let token = link(app).await.unwrap();
    app.client()
        .post(SETUP, claim("mst_rubbish", "eve@example.com"))
        .await
        .expect_error(401, "TOKEN_INVALID");
    let claimed = app
        .client()
        .post(SETUP, claim(&token, "root@example.org"))
        .await
        .expect(201)
        .data();
    assert_eq!(claimed["user"]["role"], "admin");
    let admin = app.client().bearer(claimed["accessToken"].as_str().unwrap());
    admin.get("/api/users").await.expect(200);
    let again = app.client().post(SETUP, claim(&token, "eve@example.com")).await;
    assert!(matches!(again.status, 401 | 409), "{again:?}");
    assert_eq!(link(app).await, None, "there is an administrator");
}

async fn a_setup_link_expires_after_a_day_or_with_the_next_link(app: &TestApp) {
    let first = link(app).await.unwrap();
    let second = link(app).await.unwrap();
    app.client()
        .post(SETUP, claim(&first, "eve@example.com"))
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.advance(24 * HOUR);
    app.client()
        .post(SETUP, claim(&second, "eve@example.com"))
        .await
        .expect_error(401, "TOKEN_INVALID");
    assert_eq!(app.admin().await.get("/api/users").await.pagination()["total"], 1);
}

async fn trap_19_concurrent_uses_of_a_setup_link_create_one_administrator(app: &TestApp) {
    let token = link(app).await.unwrap();
    let requests = ["a@example.com", "b@example.com", "c@example.com"].map(|email| {
        let (client, body) = (app.client(), claim(&token, email));
        async move { client.post(SETUP, body).await.status }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    let admins = app
        .query_raw("SELECT CAST(count(*) AS TEXT) FROM users WHERE role = 'admin'")
        .await;
    assert_eq!(admins, [[Some("1".to_owned())]]);
}
