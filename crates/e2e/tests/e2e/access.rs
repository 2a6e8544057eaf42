//! Changes of roles and statuses apply to tokens that were issued before.

use crate::order_cancel_expire::place;
use crate::{MINUTE, SECOND};
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    trap_03_a_role_change_applies_to_tokens_already_issued;
    trap_03_disabling_an_account_takes_effect_at_once;
    trap_03_access_changes_override_the_token_after_a_restart;
    only_an_administrator_changes_an_administrator;
    a_stale_if_match_does_not_overwrite_an_account;
    an_update_without_changes_writes_nothing;
    an_update_cannot_set_the_status_invited;
    the_list_shows_the_permissions_of_each_account;
    a_customer_cannot_read_or_change_other_accounts;
    an_action_permission_finds_its_target_without_a_read_permission;
}

async fn trap_03_a_role_change_applies_to_tokens_already_issued(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let role = format!("/api/users/{}/role", ann.id);
    ann.get("/api/users").await.expect_error(403, "FORBIDDEN");
    admin.put(&role, json!({"role": "support"})).await.expect(200);
    ann.get("/api/users").await.expect(200);
    assert_eq!(ann.get("/api/users/me").await.data()["role"], "support");
    admin.put(&role, json!({"role": "customer"})).await.expect(200);
    ann.get("/api/users").await.expect_error(403, "FORBIDDEN");
    admin
        .put(&role, json!({"role": "emperor"}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    ann.put(&role, json!({"role": "admin"}))
        .await
        .expect_error(403, "FORBIDDEN");
    app.member("mia", "manager")
        .await
        .put(&role, json!({"role": "admin"}))
        .await
        .expect_error(403, "FORBIDDEN");
}

async fn trap_03_disabling_an_account_takes_effect_at_once(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    ann.get("/api/users/me").await.expect(200);
    let path = format!("/api/users/{}", ann.id);
    let updated = admin
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200)
        .data();
    assert_eq!(updated["status"], "disabled");
    ann.get("/api/users/me")
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    ann.get("/api/products")
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    let sign_in = json!({"email": ann.email, "password": ann.password});
    app.client()
        .post("/api/auth/login", sign_in.clone())
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    let wrong = json!({"email": ann.email, "password": "not her password"});
    app.client()
        .post("/api/auth/login", wrong)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    let renew = json!({"refreshToken": ann.refresh});
    app.client()
        .post("/api/auth/refresh", renew)
        .await
        .expect_error(401, "TOKEN_REVOKED");
    admin.patch(&path, json!({"status": "active"})).await.expect(200);
    ann.get("/api/users/me").await.expect_error(401, "TOKEN_REVOKED");
    app.client().post("/api/auth/login", sign_in).await.expect(200);
}

async fn trap_03_access_changes_override_the_token_after_a_restart(app: &TestApp) {
    let mia = app.member("mia", "manager").await;
    let admin = app.admin().await;
    app.advance(crate::SECOND);
    admin
        .put(
            &format!("/api/users/{}/role", mia.id),
            json!({"role": "customer"}),
        )
        .await
        .expect(200);
    app.advance(14 * crate::MINUTE);
    let restarted = app.another_node().await;
    restarted
        .client()
        .bearer(&mia.access)
        .get("/api/users")
        .await
        .expect_error(403, "FORBIDDEN");
    restarted.stop().await;
}

async fn an_update_without_changes_writes_nothing(app: &TestApp) {
    let (ann, admin, product) = (
        app.customer("ann").await,
        app.admin().await,
        app.product(1, 100).await,
    );
    let entries = async || {
        app.query_raw("SELECT CAST(count(*) AS TEXT) FROM audit_entries")
            .await
    };
    let (path, before) = (format!("/api/users/{}", ann.id), entries().await);
    app.advance(SECOND);
    for (path, same) in [
        (
            &path,
            json!({"name": "ann", "email": ann.email, "status": "active"}),
        ),
        (&product.path, json!({"stock": 1, "status": "active"})),
    ] {
        let current = admin.get(path).await.expect(200);
        for body in [json!({}), same] {
            let answer = admin.patch(path, body).await.expect(200);
            assert_eq!(
                (answer.data(), answer.etag()),
                (current.data(), current.etag()),
                "{path}"
            );
        }
        for field in ["name", "status", "sku", "description", "price", "stock", "email"] {
            let answer = admin.patch(path, json!({field: null})).await;
            let answer = answer.expect_error(400, "VALIDATION_FAILED");
            assert!(answer.validation_errors()[0].starts_with(field), "{answer:?}");
        }
    }
    let role = format!("{path}/role");
    admin.put(&role, json!({"role": "customer"})).await.expect(200);
    assert_eq!(entries().await, before);
    let none = json!({"category": null});
    admin.patch(&product.path, none).await.expect(200);
}

async fn an_update_cannot_set_the_status_invited(app: &TestApp) {
    let (ann, admin) = (app.customer("ann").await, app.admin().await);
    let answer = admin
        .patch(&format!("/api/users/{}", ann.id), json!({"status": "invited"}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
    assert!(answer.validation_errors()[0].starts_with("status "), "{answer:?}");
}

async fn the_list_shows_the_permissions_of_each_account(app: &TestApp) {
    let (ann, bob, admin) = (
        app.customer("ann").await,
        app.customer("bob").await,
        app.admin().await,
    );
    for (person, permission, seconds) in [
        (&ann, "read:audit", 60),
        (&ann, "read:order", 600),
        (&bob, "read:user", 600),
    ] {
        let grant = json!({"permission": permission, "expiresIn": seconds});
        let path = format!("/api/users/{}/permissions", person.id);
        admin.post(&path, grant).await.expect(201);
    }
    app.advance(MINUTE);
    let listed = admin.get("/api/users").await.expect(200).list();
    assert_eq!(listed.len(), 3);
    for account in &listed {
        let path = format!("/api/users/{}", account["id"].as_str().unwrap());
        assert_eq!(*account, admin.get(&path).await.expect(200).data());
    }
    let anns = listed
        .iter()
        .find(|account| account["id"] == json!(ann.id))
        .unwrap();
    assert_eq!(anns["permissions"], json!(["create:order", "read:order"]));
}

async fn only_an_administrator_changes_an_administrator(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.member("ann", "support").await);
    let grant = json!({"permission": "update:user"});
    admin
        .post(&format!("/api/users/{}/permissions", ann.id), grant)
        .await
        .expect(201);
    let bob = app.customer("bob").await;
    ann.patch(&format!("/api/users/{}", bob.id), json!({"name": "Bobby"}))
        .await
        .expect(200);
    for change in [
        json!({"status": "disabled"}),
        json!({"email": "ann2@example.com"}),
        json!({"name": "x"}),
    ] {
        ann.patch(&format!("/api/users/{}", admin.id), change)
            .await
            .expect_error(403, "FORBIDDEN");
    }
    admin.get("/api/users/me").await.expect(200);
}

async fn a_stale_if_match_does_not_overwrite_an_account(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let path = format!("/api/users/{}", ann.id);
    let seen = admin.get(&path).await.expect(200).etag();
    admin.header("if-none-match", &seen).get(&path).await.expect(304);
    admin
        .header("if-match", &seen)
        .patch(&path, json!({"name": "Ann A."}))
        .await
        .expect(200);
    admin
        .header("if-match", &seen)
        .patch(&path, json!({"name": "Ann B."}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let updated = admin.header("if-none-match", &seen).get(&path).await.expect(200);
    assert_eq!(updated.data()["name"], "Ann A.");
    // Permissions are part of the representation.
    let seen = updated.etag();
    admin
        .post(
            &format!("{path}/permissions"),
            json!({"permission": "read:order"}),
        )
        .await
        .expect(201);
    let updated = admin.header("if-none-match", &seen).get(&path).await.expect(200);
    let stale = admin.header("if-match", &seen);
    stale
        .patch(&path, json!({"name": "Ann C."}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let (role, manager) = (format!("{path}/role"), json!({"role": "manager"}));
    stale
        .put(&role, manager.clone())
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let changed = admin
        .header("if-match", &updated.etag())
        .put(&role, manager)
        .await
        .expect(200);
    assert_eq!(changed.data()["role"], "manager");
}

async fn a_customer_cannot_read_or_change_other_accounts(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    ann.get(&format!("/api/users/{}", bob.id))
        .await
        .expect_error(403, "FORBIDDEN");
    ann.patch(&format!("/api/users/{}", bob.id), json!({"name": "x"}))
        .await
        .expect_error(403, "FORBIDDEN");
    ann.get("/api/users").await.expect_error(403, "FORBIDDEN");
    app.client()
        .get("/api/users")
        .await
        .expect_error(401, "UNAUTHORIZED");
    assert_eq!(bob.get("/api/users/me").await.data()["name"], "bob");
}

/// A customer with one extra permission and no permission to read what it applies to.
async fn holder(app: &TestApp, name: &str, permission: &str) -> TestUser {
    let person = app.customer(name).await;
    let path = format!("/api/users/{}/permissions", person.id);
    let grant = json!({"permission": permission});
    app.admin().await.post(&path, grant).await.expect(201);
    person
}

async fn an_action_permission_finds_its_target_without_a_read_permission(app: &TestApp) {
    let ann = app.customer("ann").await;
    let (sold, draft) = (app.product(5, 100).await, app.product(5, 100).await);
    let admin = app.admin().await;
    admin
        .patch(&draft.path, json!({"status": "draft"}))
        .await
        .expect(200);
    let paid = place(&ann, &sold, 1).await;
    ann.post_nothing(&format!("{paid}/pay")).await.expect(202);
    app.run_jobs().await;
    let paying = place(&ann, &sold, 1).await;
    ann.post_nothing(&format!("{paying}/pay")).await.expect(202);

    let moves = holder(app, "moves", "update:order").await;
    for order in [&paid, &paying] {
        moves.get(order).await.expect_error(404, "NOT_FOUND");
        let cancelled = moves.post_nothing(&format!("{order}/cancel")).await.expect(200);
        assert_eq!(cancelled.data()["status"], "cancelled");
        moves
            .post_nothing(&format!("{order}/pay"))
            .await
            .expect_error(404, "NOT_FOUND");
    }
    app.run_jobs().await;
    assert_eq!(
        app.gateway.collected().len(),
        1,
        "a cancelled order's payment is not collected"
    );
    assert_eq!(app.gateway.repaid().len(), 1, "what was paid is refunded");

    let deletes = holder(app, "deletes", "delete:product").await;
    deletes.get(&draft.path).await.expect_error(404, "NOT_FOUND");
    deletes.delete(&draft.path).await.expect(204);
    deletes.delete(&sold.path).await.expect(204);
    assert_eq!(admin.get(&sold.path).await.data()["status"], "archived");
    admin.get(&draft.path).await.expect_error(404, "NOT_FOUND");
    deletes
        .patch(&sold.path, json!({"name": "x"}))
        .await
        .expect_error(403, "FORBIDDEN");

    let edits = holder(app, "edits", "update:user").await;
    let path = format!("/api/users/{}", ann.id);
    edits.get(&path).await.expect_error(403, "FORBIDDEN");
    edits.patch(&path, json!({"name": "Anna"})).await.expect(200);
    assert_eq!(ann.get("/api/users/me").await.data()["name"], "Anna");
}
