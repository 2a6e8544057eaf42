//! Roles at run time: who may change them to what, and that changes are in force at once.

use crate::SECOND;
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    a_role_is_created_changed_and_deleted;
    trap_03_a_changed_role_applies_to_tokens_already_issued_on_all_nodes;
    roles_read_before_a_change_do_not_undo_it;
    a_caller_puts_into_a_role_only_what_they_hold;
    a_role_that_holds_more_than_the_caller_is_not_theirs_to_change;
    a_permission_held_for_a_time_is_not_given_without_an_end;
    built_in_roles_and_roles_in_use_stay;
    a_role_that_requires_a_second_factor_limits_its_members_at_once;
    a_stale_if_match_does_not_overwrite_a_role;
    trap_19_of_two_changes_of_one_role_none_is_lost;
    bad_roles_are_refused_with_the_path;
    every_signed_in_caller_sees_the_permissions;
}

/// An account with a role of its own that has these permissions.
pub(crate) async fn holder(app: &TestApp, name: &str, permissions: &[&str]) -> TestUser {
    let role = json!({"name": name, "permissions": permissions});
    app.admin().await.post("/api/roles", role).await.expect(201);
    app.member(name, name).await
}

async fn a_role_is_created_changed_and_deleted(app: &TestApp) {
    let admin = app.admin().await;
    let auditor = json!({"name": "auditor", "permissions": ["read:audit", "read:order", "read:audit"]});
    let created = admin.post("/api/roles", auditor.clone()).await.expect(201);
    assert_eq!(created.header("location"), Some("/api/roles/auditor"));
    let role = created.data();
    assert_eq!(role["permissions"], json!(["read:audit", "read:order"]));
    assert_eq!(role["builtIn"], json!(false));
    let read = admin.get("/api/roles/auditor").await.expect(200);
    assert_eq!((read.data(), read.etag()), (role.clone(), created.etag()));
    let unchanged = admin
        .clone()
        .with("if-none-match", &read.etag())
        .get("/api/roles/auditor")
        .await;
    unchanged.expect(304);
    admin
        .post("/api/roles", auditor)
        .await
        .expect_error(409, "CONFLICT");

    app.advance(SECOND);
    let patch = json!({"permissions": ["read:order"]});
    let changed = admin.patch("/api/roles/auditor", patch).await.expect(200);
    assert_eq!(changed.data()["permissions"], json!(["read:order"]));
    assert_ne!(changed.etag(), created.etag());
    let nothing = admin.patch("/api/roles/auditor", json!({})).await.expect(200);
    assert_eq!(nothing.etag(), changed.etag());

    let names = |list: Vec<Value>| -> Vec<String> {
        list.iter()
            .map(|role| role["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = names(admin.get("/api/roles").await.expect(200).list());
    assert_eq!(all, ["admin", "auditor", "customer", "manager", "support"]);
    app.advance(SECOND);
    admin.delete("/api/roles/auditor").await.expect(204);
    admin
        .get("/api/roles/auditor")
        .await
        .expect_error(404, "NOT_FOUND");
    admin
        .delete("/api/roles/auditor")
        .await
        .expect_error(404, "NOT_FOUND");
    let id = role["id"].as_str().unwrap();
    let trail = admin
        .get(&format!("/api/audit?resource=role&resourceId={id}"))
        .await
        .expect(200)
        .list();
    let actions: Vec<&Value> = trail.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["DELETE", "UPDATE", "CREATE"]);
    assert_eq!(
        trail[1]["before"]["permissions"],
        json!(["read:audit", "read:order"])
    );
    assert_eq!(trail[1]["after"]["permissions"], json!(["read:order"]));
}

async fn trap_03_a_changed_role_applies_to_tokens_already_issued_on_all_nodes(app: &TestApp) {
    let (admin, ann) = (app.admin().await, holder(app, "auditor", &["read:audit"]).await);
    let other = app.another_node().await;
    let there = other.client().bearer(&ann.access);
    ann.get("/api/audit").await.expect(200);
    there.get("/api/audit").await.expect(200);
    let patch = json!({"permissions": ["read:order"]});
    admin.patch("/api/roles/auditor", patch).await.expect(200);
    // On this node before the administrator has the answer; on others when they read the changes next.
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    other.engine.access().sync().await.unwrap();
    there.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let mine = there.get("/api/users/me").await.expect(200).data();
    assert_eq!(mine["permissions"], json!(["read:order"]));
    let patch = json!({"permissions": ["read:audit"]});
    admin.patch("/api/roles/auditor", patch).await.expect(200);
    ann.get("/api/audit").await.expect(200);
    other.engine.access().sync().await.unwrap();
    there.get("/api/audit").await.expect(200);
    other.stop().await;
    // A process that starts later knows it as well.
    let restarted = app.another_node().await;
    let there = restarted.client().bearer(&ann.access);
    there.get("/api/audit").await.expect(200);
    restarted.stop().await;
}

async fn roles_read_before_a_change_do_not_undo_it(app: &TestApp) {
    let (admin, ann) = (app.admin().await, holder(app, "auditor", &["read:audit"]).await);
    for round in 0..8 {
        let permissions = if round % 2 == 0 {
            json!([])
        } else {
            json!(["read:audit"])
        };
        let patch = json!({"permissions": permissions});
        let (changed, read) = tokio::join!(
            admin.patch("/api/roles/auditor", patch),
            app.engine().access().sync()
        );
        changed.expect(200);
        read.unwrap();
        let expected = if round % 2 == 0 { 403 } else { 200 };
        ann.get("/api/audit").await.expect(expected);
    }
}

async fn a_caller_puts_into_a_role_only_what_they_hold(app: &TestApp) {
    let mia = holder(app, "clerk", &["manage:role", "read:order"]).await;
    for permissions in [json!(["update:order"]), json!(["read:order", "manage:job"])] {
        let role = json!({"name": "mine", "permissions": permissions});
        mia.post("/api/roles", role).await.expect_error(403, "FORBIDDEN");
        let patch = json!({"permissions": permissions});
        for name in ["clerk", "customer", "manager", "admin"] {
            mia.patch(&format!("/api/roles/{name}"), patch.clone())
                .await
                .expect_error(403, "FORBIDDEN");
        }
    }
    let role = json!({"name": "mine", "permissions": ["read:order"]});
    mia.post("/api/roles", role).await.expect(201);
    let patch = json!({"permissions": ["manage:role"]});
    mia.patch("/api/roles/mine", patch).await.expect(200);
    let mine = mia.get("/api/users/me").await.expect(200).data();
    assert_eq!(mine["permissions"], json!(["manage:role", "read:order"]));
}

async fn a_role_that_holds_more_than_the_caller_is_not_theirs_to_change(app: &TestApp) {
    let mia = holder(app, "clerk", &["manage:role"]).await;
    // To take permissions away is a change, too.
    let none = json!({"permissions": []});
    for name in ["manager", "support", "customer", "admin"] {
        let path = format!("/api/roles/{name}");
        mia.patch(&path, none.clone())
            .await
            .expect_error(403, "FORBIDDEN");
        mia.delete(&path).await.expect_error(403, "FORBIDDEN");
    }
    let manager = app
        .admin()
        .await
        .get("/api/roles/manager")
        .await
        .expect(200)
        .data();
    assert!(manager["permissions"].as_array().unwrap().len() > 5);
}

async fn a_permission_held_for_a_time_is_not_given_without_an_end(app: &TestApp) {
    let mia = holder(app, "clerk", &["manage:role"]).await;
    let grants = format!("/api/users/{}/permissions", mia.id);
    let lent = json!({"permission": "read:audit", "expiresIn": 60});
    app.admin().await.post(&grants, lent).await.expect(201);
    let role = json!({"name": "mine", "permissions": ["read:audit"]});
    mia.post("/api/roles", role.clone())
        .await
        .expect_error(403, "FORBIDDEN");
    let endless = json!({"permission": "read:audit"});
    app.admin().await.post(&grants, endless).await.expect(201);
    mia.post("/api/roles", role).await.expect(201);
}

async fn built_in_roles_and_roles_in_use_stay(app: &TestApp) {
    let admin = app.admin().await;
    for name in ["admin", "manager", "support", "customer"] {
        admin
            .delete(&format!("/api/roles/{name}"))
            .await
            .expect_error(409, "CONFLICT");
    }
    let none = json!({"permissions": []});
    admin
        .patch("/api/roles/admin", none.clone())
        .await
        .expect_error(409, "CONFLICT");
    admin.patch("/api/roles/manager", none).await.expect(200);
    let ann = holder(app, "auditor", &[]).await;
    admin
        .delete("/api/roles/auditor")
        .await
        .expect_error(409, "CONFLICT");
    let role = format!("/api/users/{}/role", ann.id);
    admin.put(&role, json!({"role": "customer"})).await.expect(200);
    admin.delete("/api/roles/auditor").await.expect(204);
    admin
        .put(&role, json!({"role": "auditor"}))
        .await
        .expect_error(400, "VALIDATION_FAILED");
}

async fn a_role_that_requires_a_second_factor_limits_its_members_at_once(app: &TestApp) {
    let (admin, ann) = (app.admin().await, holder(app, "auditor", &["read:audit"]).await);
    ann.get("/api/audit").await.expect(200);
    let strict = json!({"mfaRequired": true});
    let role = admin.patch("/api/roles/auditor", strict).await.expect(200).data();
    assert_eq!(
        (&role["mfaRequired"], &role["permissions"]),
        (&json!(true), &json!(["read:audit"]))
    );
    ann.get("/api/audit").await.expect_error(403, "FORBIDDEN");
    let question = format!("/api/users/{}/access?can=read:audit", ann.id);
    let answer = admin.get(&question).await.expect(200).data();
    assert_eq!(answer["allowed"], json!(false), "{answer}");
    let lax = json!({"mfaRequired": false});
    admin.patch("/api/roles/auditor", lax).await.expect(200);
    ann.get("/api/audit").await.expect(200);
}

async fn a_stale_if_match_does_not_overwrite_a_role(app: &TestApp) {
    let admin = app.admin().await;
    let role = json!({"name": "auditor", "permissions": []});
    let first = admin.post("/api/roles", role).await.expect(201).etag();
    let patch = json!({"permissions": ["read:audit"]});
    let second = admin.clone().with("if-match", &first);
    let second = second
        .patch("/api/roles/auditor", patch.clone())
        .await
        .expect(200)
        .etag();
    app.advance(SECOND);
    let late = admin.clone().with("if-match", &first);
    late.patch("/api/roles/auditor", json!({"permissions": []}))
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    late.delete("/api/roles/auditor")
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    let current = admin.clone().with("if-match", &second);
    current.delete("/api/roles/auditor").await.expect(204);
}

async fn trap_19_of_two_changes_of_one_role_none_is_lost(app: &TestApp) {
    let admin = app.admin().await;
    let role = json!({"name": "auditor", "permissions": []});
    admin.post("/api/roles", role).await.expect(201);
    let patches = (0..6).map(|at| {
        let permissions = if at % 2 == 0 {
            ["read:audit"]
        } else {
            ["read:order"]
        };
        let admin = &admin;
        async move {
            admin
                .patch("/api/roles/auditor", json!({"permissions": permissions}))
                .await
        }
    });
    for answer in futures_util::future::join_all(patches).await {
        answer.expect(200);
    }
    let rows = app
        .query_raw("SELECT permission FROM role_permissions WHERE role = 'auditor'")
        .await;
    assert_eq!(rows.len(), 1, "{rows:?}");
}

async fn bad_roles_are_refused_with_the_path(app: &TestApp) {
    let admin = app.admin().await;
    for (role, expected) in [
        (json!({"name": "Auditor", "permissions": []}), "name FORMAT"),
        (json!({"name": "", "permissions": []}), "name FORMAT"),
        (json!({"name": "a".repeat(41), "permissions": []}), "name FORMAT"),
        (
            json!({"name": "x", "permissions": ["read:order", "fly:plane"]}),
            "permissions[1] UNKNOWN_PERMISSION",
        ),
        (
            json!({"name": "x", "permissions": vec!["read:order"; 501]}),
            "permissions RANGE",
        ),
        (json!({"name": "x"}), "permissions REQUIRED"),
        (
            json!({"name": "x", "permissions": [], "builtIn": true}),
            "builtIn UNKNOWN_FIELD",
        ),
    ] {
        let answer = admin.post("/api/roles", role).await;
        let answer = answer.expect_error(400, "VALIDATION_FAILED");
        assert_eq!(answer.validation_errors(), [expected]);
    }
    let null = json!({"permissions": null});
    admin
        .patch("/api/roles/manager", null)
        .await
        .expect_error(400, "VALIDATION_FAILED");
    for unknown in ["nothing", "No-Such", "%00"] {
        admin
            .get(&format!("/api/roles/{unknown}"))
            .await
            .expect_error(404, "NOT_FOUND");
    }
}

async fn every_signed_in_caller_sees_the_permissions(app: &TestApp) {
    let ann = app.customer("ann").await;
    let permissions = ann.get("/api/permissions").await.expect(200).list();
    let read = json!({"name": "read:order", "description": "See the orders of all customers"});
    assert!(permissions.contains(&read), "{permissions:?}");
    app.client()
        .get("/api/permissions")
        .await
        .expect_error(401, "UNAUTHORIZED");
    ann.get("/api/roles").await.expect_error(403, "FORBIDDEN");
    ann.get("/api/roles/customer")
        .await
        .expect_error(403, "FORBIDDEN");
}
