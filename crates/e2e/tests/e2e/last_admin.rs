//! An active administrator always remains.

use mainstay_testkit::{TestApp, on_both_engines};
use serde_json::json;

on_both_engines! {
    the_last_administrator_cannot_be_removed;
    trap_19_two_administrators_cannot_remove_each_other_at_once;
}

async fn the_last_administrator_cannot_be_removed(app: &TestApp) {
    let admin = app.admin().await;
    let path = format!("/api/users/{}", admin.id);
    admin
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect_error(409, "CONFLICT");
    admin
        .put(&format!("{path}/role"), json!({"role": "customer"}))
        .await
        .expect_error(409, "CONFLICT");
    let second = app.member("eve", "admin").await;
    second
        .patch(&path, json!({"status": "disabled"}))
        .await
        .expect(200);
    admin
        .get("/api/users")
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    let own = format!("/api/users/{}", second.id);
    second
        .put(&format!("{own}/role"), json!({"role": "manager"}))
        .await
        .expect_error(409, "CONFLICT");
    second.patch(&path, json!({"status": "active"})).await.expect(200);
    second
        .put(&format!("{own}/role"), json!({"role": "manager"}))
        .await
        .expect(200);
}

async fn trap_19_two_administrators_cannot_remove_each_other_at_once(app: &TestApp) {
    for round in 0..4 {
        let one = app.admin().await;
        let two = app.member(&format!("eve{round}"), "admin").await;
        let (mine, theirs) = (
            format!("/api/users/{}", one.id),
            format!("/api/users/{}/role", two.id),
        );
        let (demote, disable) = (json!({"role": "customer"}), json!({"status": "disabled"}));
        let (demoted, disabled) = tokio::join!(one.put(&theirs, demote.clone()), two.patch(&mine, disable));
        assert!(
            demoted.status < 500 && disabled.status < 500,
            "{demoted:?} {disabled:?}"
        );
        let left = "SELECT CAST(count(*) AS TEXT) FROM users WHERE role = 'admin' AND status = 'active'";
        assert_eq!(
            app.query_raw(left).await,
            [[Some("1".to_owned())]],
            "{demoted:?} {disabled:?}"
        );
        if disabled.status == 200 {
            two.patch(&mine, json!({"status": "active"})).await.expect(200);
            app.admin().await.put(&theirs, demote).await.expect(200);
        }
    }
}
