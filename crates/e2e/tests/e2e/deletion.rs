//! The deletion of an account: what goes, what stays, and when.

use crate::HOUR;
use crate::email::token;
use crate::order_cancel_expire::place;
use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    a_deleted_account_is_gone_at_once_on_all_nodes;
    trap_20_orders_and_the_audit_trail_outlive_the_account;
    nothing_names_the_person_after_the_deletion;
    neither_keys_nor_links_outlive_the_account;
    trap_19_two_administrators_cannot_delete_each_other;
    only_administrators_delete_and_never_the_last_one;
}

async fn a_deleted_account_is_gone_at_once_on_all_nodes(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let other = app.another_node().await;
    let path = format!("/api/users/{}", ann.id);
    let stale = admin.clone().with("if-match", "\"v99\"");
    stale.delete(&path).await.expect_error(412, "PRECONDITION_FAILED");
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.expect_error(404, "NOT_FOUND");
    admin.delete(&path).await.expect_error(404, "NOT_FOUND");
    admin
        .patch(&path, json!({"status": "active"}))
        .await
        .expect_error(404, "NOT_FOUND");
    let listed = admin.get("/api/users?limit=100").await.expect(200).list();
    assert!(
        listed.iter().all(|user| user["id"] != json!(ann.id)),
        "{listed:?}"
    );
    other.engine.access().sync().await.unwrap();
    for client in [
        ann.anonymous().bearer(&ann.access),
        other.client().bearer(&ann.access),
    ] {
        let refused = client.get("/api/users/me").await;
        assert!([401, 403].contains(&refused.status), "{refused:?}");
    }
    let refresh = json!({"refreshToken": ann.refresh});
    app.client().post("/api/auth/refresh", refresh).await.expect(401);
    let sign_in = json!({"email": ann.email, "password": ann.password});
    app.client()
        .post("/api/auth/login", sign_in)
        .await
        .expect_error(401, "INVALID_CREDENTIALS");
    other.stop().await;
    // The address is free again, and the new account is another one.
    assert_ne!(app.customer("ann").await.id, ann.id);
}

async fn trap_20_orders_and_the_audit_trail_outlive_the_account(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let order = place(&ann, &app.product(5, 100).await, 1).await;
    admin.delete(&format!("/api/users/{}", ann.id)).await.expect(204);
    for time in [HOUR, HOUR * 49] {
        app.advance(time);
        app.engine().sweeper().prune().await.unwrap();
        let admin = app.admin().await;
        let kept = admin.get(&order).await.expect(200).data();
        assert_eq!(kept["userId"], json!(ann.id));
        let trail = format!("/api/audit?resource=user&resourceId={}", ann.id);
        let trail = admin.get(&trail).await.expect(200).list();
        let deleted = trail.iter().find(|entry| entry["action"] == "DELETE").unwrap();
        assert_eq!(deleted["userId"], json!(admin.id));
        assert!(!deleted.to_string().contains("ann@"), "{deleted}");
    }
}

async fn nothing_names_the_person_after_the_deletion(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let grants = format!("/api/users/{}/permissions", ann.id);
    admin
        .post(&grants, json!({"permission": "read:audit"}))
        .await
        .expect(201);
    admin.delete(&format!("/api/users/{}", ann.id)).await.expect(204);
    let count = async |from: &str| {
        let rows = app
            .query_raw(&format!("SELECT CAST(count(*) AS TEXT) FROM {from}"))
            .await;
        rows[0][0].clone().unwrap()
    };
    assert_eq!(
        count("users WHERE search_text LIKE '%ann%' OR email LIKE 'ann%'").await,
        "0"
    );
    assert_eq!(count("users WHERE deleted_at IS NOT NULL").await, "1");
    // The administrator's password.
    assert_eq!(count("credentials").await, "1");
    assert_eq!(count("user_permissions").await, "0");
    app.advance(HOUR * 47);
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(count("users WHERE deleted_at IS NOT NULL").await, "1");
    app.advance(HOUR * 2);
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(count("users").await, "1");
}

async fn neither_keys_nor_links_outlive_the_account(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    // A link to an address that is not confirmed would end the keys itself.
    app.execute_raw("UPDATE users SET email_verified = TRUE").await;
    let proof = json!({"password": ann.password});
    ann.post("/api/auth/step-up", proof).await.expect(204);
    let key = json!({"name": "nightly", "scopes": []});
    let key = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let other = app.another_node().await;
    let secret = key["secret"].as_str().unwrap();
    let programs = [app.client().bearer(secret), other.client().bearer(secret)];
    for program in &programs {
        program.get("/api/users/me").await.expect(200);
    }
    // A link that was used, and one that was not.
    for path in ["/api/auth/password/forgot", "/api/auth/magic-link"] {
        let body = json!({"email": ann.email});
        app.client().post(path, body).await.expect(202);
    }
    app.run_jobs().await;
    let (reset, link) = (token(app, &ann.email, "mrp_"), token(app, &ann.email, "mml_"));
    let verify = json!({"token": link, "confirm": true});
    app.client()
        .post("/api/auth/magic-link/verify", verify)
        .await
        .expect(200);
    let of_ann = format!(
        "SELECT CAST(count(*) AS TEXT) FROM one_time_tokens WHERE payload LIKE '%{}%'",
        ann.email
    );
    assert_ne!(app.query_raw(&of_ann).await, [[Some("0".to_owned())]]);
    admin.delete(&format!("/api/users/{}", ann.id)).await.expect(204);
    other.engine.access().sync().await.unwrap();
    for program in &programs {
        program
            .get("/api/users/me")
            .await
            .expect_error(401, "TOKEN_REVOKED");
    }
    assert_eq!(app.query_raw(&of_ann).await, [[Some("0".to_owned())]]);
    let left = "SELECT CAST(count(*) AS TEXT) FROM one_time_tokens WHERE user_id IS NOT NULL";
    assert_eq!(app.query_raw(left).await, [[Some("0".to_owned())]]);
    let body = json!({"token": reset, "password": "walks in the rain"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let revoked = "SELECT CAST(count(*) AS TEXT) FROM api_keys WHERE revoked_at IS NULL";
    assert_eq!(app.query_raw(revoked).await, [[Some("0".to_owned())]]);
    other.stop().await;
}

async fn trap_19_two_administrators_cannot_delete_each_other(app: &TestApp) {
    let one = app.admin().await;
    let two = app.member("eve", "admin").await;
    let (mine, theirs) = (format!("/api/users/{}", one.id), format!("/api/users/{}", two.id));
    let (first, second) = tokio::join!(one.delete(&theirs), two.delete(&mine));
    assert!(first.status < 500 && second.status < 500, "{first:?} {second:?}");
    let left = "SELECT CAST(count(*) AS TEXT) FROM users WHERE role = 'admin' AND status = 'active'";
    assert_eq!(
        app.query_raw(left).await,
        [[Some("1".to_owned())]],
        "{first:?} {second:?}"
    );
}

async fn only_administrators_delete_and_never_the_last_one(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let mia = app.member("mia", "manager").await;
    let path = format!("/api/users/{}", ann.id);
    for client in [&ann, &mia] {
        client.delete(&path).await.expect_error(403, "FORBIDDEN");
    }
    let own = format!("/api/users/{}", admin.id);
    admin.delete(&own).await.expect_error(409, "CONFLICT");
    let second = app.member("eve", "admin").await;
    second.delete(&own).await.expect(204);
}
