//! Rank: no account changes one that holds a permission that it does not hold itself.

use crate::role::holder;
use mainstay_testkit::{Answer, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    trap_23_a_customer_with_update_user_cannot_change_a_manager;
    trap_23_every_change_of_an_account_asks_for_the_rank;
    rank_counts_personal_permissions_while_they_last;
    an_account_changes_itself_whatever_it_holds;
}

/// Everything that one account can do to another one with permissions.
async fn changes(caller: &TestUser, target: &str) -> Vec<(&'static str, Answer)> {
    let path = format!("/api/users/{target}");
    let grants = format!("{path}/permissions");
    vec![
        ("name", caller.patch(&path, json!({"name": "Other"})).await),
        (
            "address",
            caller.patch(&path, json!({"email": "mallory@example.com"})).await,
        ),
        ("status", caller.patch(&path, json!({"status": "disabled"})).await),
        (
            "grant",
            caller.post(&grants, json!({"permission": "update:user"})).await,
        ),
        ("sessions", caller.delete(&format!("{path}/sessions")).await),
        ("revoke", caller.delete(&format!("{grants}/read:order")).await),
    ]
}

async fn trap_23_a_customer_with_update_user_cannot_change_a_manager(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let mia = app.member("mia", "manager").await;
    let grants = format!("/api/users/{}/permissions", ann.id);
    let update = json!({"permission": "update:user"});
    admin.post(&grants, update).await.expect(201);
    let path = format!("/api/users/{}", mia.id);
    for change in [
        json!({"email": "ann2@example.com"}),
        json!({"status": "disabled"}),
        json!({"name": "Mia"}),
    ] {
        ann.patch(&path, change).await.expect_error(403, "FORBIDDEN");
    }
    mia.get("/api/users/me").await.expect(200);
    let bob = app.customer("bob").await;
    let path = format!("/api/users/{}", bob.id);
    ann.patch(&path, json!({"name": "Bob"})).await.expect(200);
}

async fn trap_23_every_change_of_an_account_asks_for_the_rank(app: &TestApp) {
    let staff = ["update:user", "grant:permission", "create:order"];
    let clerk = holder(app, "clerk", &staff).await;
    let victim = holder(app, "victim", &["read:order"]).await;
    let admin = app.admin().await;
    let grants = format!("/api/users/{}/permissions", victim.id);
    admin
        .post(&grants, json!({"permission": "read:order"}))
        .await
        .expect(201);
    for target in [&victim.id, &admin.id] {
        for (change, answer) in changes(&clerk, target).await {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "FORBIDDEN"),
                "{change}: {answer:?}"
            );
        }
    }
    // The same changes of an account that holds less.
    let ann = app.customer("ann").await;
    for (change, answer) in changes(&clerk, &ann.id).await {
        let expected: &[u16] = if change == "revoke" {
            &[404]
        } else {
            &[200, 201, 204]
        };
        assert!(expected.contains(&answer.status), "{change}: {answer:?}");
    }
}

async fn rank_counts_personal_permissions_while_they_last(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let clerk = holder(app, "clerk", &["update:user", "create:order"]).await;
    let grants = format!("/api/users/{}/permissions", ann.id);
    let lent = json!({"permission": "read:audit", "expiresIn": 60});
    admin.post(&grants, lent).await.expect(201);
    let path = format!("/api/users/{}", ann.id);
    let name = |name: &str| -> Value { json!({"name": name}) };
    clerk
        .patch(&path, name("One"))
        .await
        .expect_error(403, "FORBIDDEN");
    app.advance(crate::MINUTE);
    clerk.patch(&path, name("Two")).await.expect(200);
}

async fn an_account_changes_itself_whatever_it_holds(app: &TestApp) {
    let mia = holder(app, "clerk", &["read:audit", "update:user"]).await;
    let path = format!("/api/users/{}", mia.id);
    mia.patch(&path, json!({"name": "Mia"})).await.expect(200);
}
