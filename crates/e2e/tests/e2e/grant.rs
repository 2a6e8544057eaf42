//! Permissions granted to one account, permanently or for a time.

use crate::{HOUR, MINUTE, SECOND};
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_03_a_permission_applies_at_once_and_ends_at_its_expiry;
    trap_03_a_token_signed_before_the_expiry_loses_the_permission_too;
    a_revoked_permission_is_gone_at_once;
    a_permission_may_expire_at_an_instant;
    a_caller_cannot_grant_a_permission_they_do_not_hold;
    a_caller_cannot_grant_a_permission_for_longer_than_they_hold_it;
    unknown_permissions_and_accounts_are_refused;
    personal_permissions_are_listed_until_they_expire;
    a_granted_permission_is_found_at_its_location;
    a_revoked_permission_stays_revoked_after_a_restart;
}

async fn trap_03_a_permission_applies_at_once_and_ends_at_its_expiry(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let path = format!("/api/users/{}/permissions", ann.id);
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let granted = admin
        .post(&path, json!({"permission": "read:audit", "expiresIn": 60}))
        .await
        .expect(201)
        .data();
    assert_eq!(granted["expiresAt"], json!(app.now().after(MINUTE)));
    assert_eq!(granted["grantedBy"], json!(admin.id));
    ann.get("/api/audit").await.expect(200);
    app.advance(MINUTE - std::time::Duration::from_micros(1));
    ann.get("/api/audit").await.expect(200);
    app.advance(std::time::Duration::from_micros(1));
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let mine = ann.get("/api/users/me").await.expect(200).data();
    assert_eq!(mine["permissions"], json!(["create:order"]));
}

async fn trap_03_a_token_signed_before_the_expiry_loses_the_permission_too(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let path = format!("/api/users/{}/permissions", ann.id);
    admin
        .post(&path, json!({"permission": "read:audit", "expiresIn": 120}))
        .await
        .expect(201);
    app.advance(MINUTE);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    ann.get("/api/audit").await.expect(200);
    // A process that knows only what the token contains.
    let fresh = app.another_node().await;
    fresh
        .client()
        .bearer(&ann.access)
        .get("/api/audit")
        .await
        .expect(200);
    app.advance(MINUTE);
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    fresh
        .client()
        .bearer(&ann.access)
        .get("/api/audit")
        .await
        .expect_error(403, "FORBIDDEN");
    fresh.stop().await;
}

async fn a_revoked_permission_is_gone_at_once(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let path = format!("/api/users/{}/permissions", ann.id);
    admin
        .post(&path, json!({"permission": "read:audit"}))
        .await
        .expect(201);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    ann.get("/api/audit").await.expect(200);
    admin.delete(&format!("{path}/read:audit")).await.expect(204);
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    admin
        .delete(&format!("{path}/read:audit"))
        .await
        .expect_error(404, "NOT_FOUND");
    // The role's own permissions cannot be revoked from one account.
    admin
        .delete(&format!("{path}/create:order"))
        .await
        .expect_error(404, "NOT_FOUND");
}

async fn a_permission_may_expire_at_an_instant(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let path = format!("/api/users/{}/permissions", ann.id);
    let at = |time| json!({"permission": "read:audit", "expiresAt": app.now().after(time)});
    admin.post(&path, at(HOUR)).await.expect(201);
    // A later grant replaces the earlier one.
    admin.post(&path, at(MINUTE)).await.expect(201);
    app.advance(MINUTE - SECOND);
    ann.get("/api/audit").await.expect(200);
    app.advance(SECOND);
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let bad = [
        json!({"permission": "read:audit", "expiresAt": app.now()}),
        json!({"permission": "read:audit", "expiresAt": "tomorrow"}),
        json!({"permission": "read:audit", "expiresIn": 0}),
        json!({"permission": "read:audit", "expiresIn": -1}),
        json!({"permission": "read:audit", "expiresIn": 1.5}),
        json!({"permission": "read:audit", "expiresIn": "60"}),
        json!({"permission": "read:audit", "expiresIn": 60, "expiresAt": app.now().after(HOUR)}),
        json!({"expiresIn": 60}),
    ];
    for body in bad {
        admin
            .post(&path, body)
            .await
            .expect_error(400, "VALIDATION_FAILED");
    }
    let endless = json!({"permission": "read:audit", "expiresIn": u64::MAX});
    let answer = admin.post(&path, endless).await;
    assert!(answer.status < 500, "{answer:?}");
}

async fn a_caller_cannot_grant_a_permission_they_do_not_hold(app: &TestApp) {
    let (admin, mia) = (app.admin().await, app.member("mia", "support").await);
    let (ann, mine) = (
        app.customer("ann").await,
        format!("/api/users/{}/permissions", mia.id),
    );
    admin
        .post(&mine, json!({"permission": "grant:permission"}))
        .await
        .expect(201);
    let path = format!("/api/users/{}/permissions", ann.id);
    mia.post(&path, json!({"permission": "read:order"}))
        .await
        .expect(201);
    for more in ["manage:job", "update:user", "create:product"] {
        mia.post(&path, json!({"permission": more}))
            .await
            .expect_error(403, "FORBIDDEN");
        mia.post(&mine, json!({"permission": more}))
            .await
            .expect_error(403, "FORBIDDEN");
    }
    ann.post(&path, json!({"permission": "read:audit"}))
        .await
        .expect_error(403, "FORBIDDEN");
    let mine = ann.get("/api/users/me").await.expect(200).data();
    assert_eq!(mine["permissions"], json!(["create:order", "read:order"]));
}

async fn a_caller_cannot_grant_a_permission_for_longer_than_they_hold_it(app: &TestApp) {
    let (admin, mia, ann) = (
        app.admin().await,
        app.member("mia", "support").await,
        app.customer("ann").await,
    );
    let (hers, anns) = (
        format!("/api/users/{}/permissions", mia.id),
        format!("/api/users/{}/permissions", ann.id),
    );
    let grant = json!({"permission": "grant:permission", "expiresIn": 60});
    admin.post(&hers, grant.clone()).await.expect(201);
    app.advance(SECOND);
    for path in [&hers, &anns] {
        let longer = [
            json!({"permission": "grant:permission"}),
            grant.clone(),
            json!({"permission": "grant:permission", "expiresAt": app.now().after(HOUR)}),
        ];
        for body in longer {
            mia.post(path, body).await.expect_error(403, "FORBIDDEN");
        }
    }
    // No longer than she holds it herself; the permissions of her role she may grant permanently.
    let rest = json!({"permission": "grant:permission", "expiresIn": 59});
    mia.post(&anns, rest).await.expect(201);
    mia.post(&anns, json!({"permission": "read:order"}))
        .await
        .expect(201);
    app.advance(MINUTE);
    for person in [&mia, &ann] {
        person.get(&anns).await.expect_error(403, "FORBIDDEN");
    }
    // What she was granted permanently, she may grant permanently.
    admin
        .post(&hers, json!({"permission": "grant:permission"}))
        .await
        .expect(201);
    mia.post(&anns, json!({"permission": "grant:permission"}))
        .await
        .expect(201);
}

async fn unknown_permissions_and_accounts_are_refused(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}/permissions", ann.id);
    for unknown in ["fly:plane", "read:", "", "READ:AUDIT", "read:audit "] {
        let answer = admin.post(&path, json!({"permission": unknown})).await;
        assert!(
            matches!(
                (answer.status, answer.code().as_str()),
                (404, "NOT_FOUND") | (400, _)
            ),
            "{answer:?}"
        );
    }
    admin
        .post(&path, json!({"permission": "fly:plane"}))
        .await
        .expect_error(404, "NOT_FOUND");
    let unknown_account = "/api/users/0199b1f4-7c00-7000-8000-000000000001/permissions";
    admin
        .post(unknown_account, json!({"permission": "read:audit"}))
        .await
        .expect_error(404, "NOT_FOUND");
}

async fn personal_permissions_are_listed_until_they_expire(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}/permissions", ann.id);
    admin
        .post(&path, json!({"permission": "read:audit", "expiresIn": 60}))
        .await
        .expect(201);
    admin
        .post(&path, json!({"permission": "read:order"}))
        .await
        .expect(201);
    let names = |answer: mainstay_testkit::Answer| {
        answer
            .expect(200)
            .list()
            .iter()
            .map(|grant| grant["permission"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(admin.get(&path).await), ["read:audit", "read:order"]);
    app.advance(MINUTE);
    assert_eq!(names(admin.get(&path).await), ["read:order"]);
    ann.get(&path).await.expect_error(403, "FORBIDDEN");
}

async fn a_revoked_permission_stays_revoked_after_a_restart(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}/permissions", ann.id);
    admin
        .post(&path, json!({"permission": "read:audit"}))
        .await
        .expect(201);
    let ann = app.sign_in(&ann.email, &ann.password).await;
    app.advance(SECOND);
    admin.delete(&format!("{path}/read:audit")).await.expect(204);
    let restarted = app.another_node().await;
    restarted
        .client()
        .bearer(&ann.access)
        .get("/api/audit")
        .await
        .expect_error(403, "FORBIDDEN");
    restarted.stop().await;
}

async fn a_granted_permission_is_found_at_its_location(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let path = format!("/api/users/{}/permissions", ann.id);
    let granted = admin
        .post(&path, json!({"permission": "read:audit", "expiresIn": 60}))
        .await
        .expect(201);
    let location = granted.header("location").unwrap().to_owned();
    assert_eq!(admin.get(&location).await.expect(200).data(), granted.data());
    let pagination = admin.get(&path).await.expect(200).pagination();
    assert_eq!(
        pagination,
        json!({"page": 1, "limit": 100, "total": 1, "pages": 1})
    );
    admin
        .get(&format!("{path}/read:job"))
        .await
        .expect_error(404, "NOT_FOUND");
    ann.get(&location).await.expect_error(403, "FORBIDDEN");
    app.advance(MINUTE);
    admin.get(&location).await.expect_error(404, "NOT_FOUND");
}
