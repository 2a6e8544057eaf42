//! The profile of one's own account, and the sessions of another one.

use crate::SECOND;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_user_changes_their_own_name_and_nothing_else;
    the_language_of_mails_is_chosen_by_the_user_or_an_administrator;
    an_administrator_ends_all_sessions_of_an_account;
}

async fn a_user_changes_their_own_name_and_nothing_else(app: &TestApp) {
    let ann = app.customer("ann").await;
    let first = ann.get("/api/users/me").await.expect(200);
    app.advance(SECOND);
    let changed = ann
        .patch("/api/users/me", json!({"name": " Ann  Lee "}))
        .await
        .expect(200);
    let me = ann.get("/api/users/me").await.expect(200);
    assert_eq!((changed.data(), changed.etag()), (me.data(), me.etag()));
    assert_ne!(me.etag(), first.etag());
    let nothing = ann.patch("/api/users/me", json!({})).await.expect(200);
    assert_eq!(nothing.etag(), me.etag());
    for body in [
        json!({"role": "admin"}),
        json!({"status": "active"}),
        json!({"permissions": []}),
        json!({"emailVerified": true}),
        json!({"name": null}),
        json!({"name": ""}),
    ] {
        ann.patch("/api/users/me", body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    let late = ann.with("if-match", &first.etag());
    late.patch("/api/users/me", json!({"name": "Old"}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    app.client()
        .patch("/api/users/me", json!({"name": "Other"}))
        .await
        .expect_error(401, "UNAUTHORIZED");
}

async fn the_language_of_mails_is_chosen_by_the_user_or_an_administrator(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let forgot = async || {
        let body = json!({"email": "ann@example.com"});
        app.client()
            .post("/api/auth/password/forgot", body)
            .await
            .expect(202);
        app.run_jobs().await;
        app.mailbox.messages().pop().unwrap().subject
    };
    assert_eq!(forgot().await, "Set a new password");
    let me = ann.get("/api/users/me").await.expect(200);
    assert_eq!(me.data()["locale"], "en");
    app.advance(SECOND);
    let german = ann.patch("/api/users/me", json!({"locale": "de-CH"})).await;
    let german = german.expect(200);
    assert_eq!(german.data()["locale"], "de");
    assert_ne!(german.etag(), me.etag());
    assert_eq!(forgot().await, "Setzen Sie ein neues Passwort");
    let path = format!("/api/users/{}", ann.id);
    let english = admin.patch(&path, json!({"locale": "en"})).await.expect(200);
    assert_eq!(english.data()["locale"], "en");
    assert_eq!(forgot().await, "Set a new password");
    for bad in [
        json!(null),
        json!(""),
        json!("fr"),
        json!("deutsch"),
        json!("de_DE"),
        json!("de-"),
        json!("x".repeat(100)),
        json!(1),
    ] {
        for (client, path) in [(&ann, "/api/users/me"), (&admin, &*path)] {
            let answer = client.patch(path, json!({"locale": bad})).await;
            let answer = answer.expect_error(400, "VALIDATION_FAILED");
            assert!(answer.validation_errors()[0].starts_with("locale "), "{answer:?}");
        }
    }
    let elsewhere = app.client().patch("/api/users/me", json!({"locale": "de"})).await;
    elsewhere.expect_error(401, "UNAUTHORIZED");
}

async fn an_administrator_ends_all_sessions_of_an_account(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let second = app.sign_in(&ann.email, &ann.password).await;
    let bob = app.customer("bob").await;
    let other = app.another_node().await;
    let path = format!("/api/users/{}/sessions", ann.id);
    bob.delete(&path).await.expect_error(403, "FORBIDDEN");
    admin.delete(&path).await.expect(204);
    // No session is left to end.
    admin.delete(&path).await.expect(204);
    for device in [&ann, &second] {
        device
            .get("/api/users/me")
            .await
            .expect_error(401, "TOKEN_REVOKED");
        let refresh = json!({"refreshToken": device.refresh});
        app.client().post("/api/auth/refresh", refresh).await.expect(401);
    }
    other.engine.access().sync().await.unwrap();
    let there = other.client().bearer(&ann.access);
    there
        .get("/api/users/me")
        .await
        .expect_error(401, "TOKEN_REVOKED");
    other.stop().await;
    bob.get("/api/users/me").await.expect(200);
    app.sign_in(&ann.email, &ann.password).await;
    let unknown = "/api/users/0199b1f4-7c00-7000-8000-000000000001/sessions";
    admin.delete(unknown).await.expect_error(404, "NOT_FOUND");
}
