//! The deletion of one's own account: the time to restore it, and its end.

use crate::order_cancel_expire::place;
use crate::{HOUR, MINUTE, SECOND};
use mainstay_services::user::delete_due_accounts;
use mainstay_testkit::{Answer, Node, TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    nothing_but_the_restoration_is_possible_with_an_account_that_is_to_be_deleted;
    the_deletion_needs_a_step_up_and_a_session;
    the_account_is_deleted_once_when_its_time_has_come;
    an_account_whose_time_has_come_is_gone_before_its_row_is;
    trap_19_a_restoration_and_the_deletion_do_not_both_succeed;
    a_second_factor_is_required_before_the_restoration;
    every_way_in_leads_to_the_restoration;
    without_a_period_of_grace_the_account_is_deleted_at_once with DELETION_GRACE = "0s";
    the_last_administrator_stays;
    trap_19_two_administrators_do_not_both_leave;
    a_stranger_restores_nothing;
    a_disabled_account_is_deleted_and_not_restored;
}

const ME: &str = "/api/users/me";
const LOGIN: &str = "/api/auth/login";
const RESTORE: &str = "/api/auth/restore";
const GRACE: std::time::Duration = std::time::Duration::from_secs(14 * 24 * 3600);

/// Requests the deletion; returns when the account is deleted.
async fn request_deletion(user: &TestUser) -> Value {
    user.step_up().await;
    user.delete(ME).await.expect(202).data()["deletionAt"].clone()
}

async fn login(app: &TestApp, user: &TestUser) -> Answer {
    let body = json!({"email": user.email, "password": user.password});
    app.client().post(LOGIN, body).await
}

/// The token of the offer that a sign-in is answered with.
fn offer(answer: Answer) -> String {
    let data = answer.expect(200).data();
    assert_eq!(data["deletionPending"], true, "{data}");
    assert!(
        data.get("accessToken").is_none() && data.get("user").is_none(),
        "{data}"
    );
    data["restoreToken"].as_str().unwrap().to_owned()
}

fn subjects(app: &TestApp, to: &str) -> Vec<String> {
    let messages = app.mailbox.messages().into_iter();
    messages
        .filter(|message| message.to.as_str() == to)
        .map(|message| message.subject)
        .collect()
}

async fn count(app: &TestApp, from: &str) -> String {
    let rows = app
        .query_raw(&format!("SELECT CAST(count(*) AS TEXT) FROM {from}"))
        .await;
    rows[0][0].clone().unwrap()
}

async fn delete_due(node: &Node) -> usize {
    delete_due_accounts(node.engine.pipeline()).await.unwrap()
}

async fn nothing_but_the_restoration_is_possible_with_an_account_that_is_to_be_deleted(app: &TestApp) {
    let (admin, ann) = (app.admin().await, app.customer("ann").await);
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    ann.step_up().await;
    let key = json!({"name": "backup", "scopes": ["create:order"]});
    let key = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let program = app.client().bearer(key["secret"].as_str().unwrap());
    program.get("/api/orders").await.expect(200);
    let other = app.another_node().await;
    let until = request_deletion(&ann).await;
    assert_eq!(until, json!(app.now().after(GRACE)));
    other.engine.access().sync().await.unwrap();
    for base in [app.client(), other.client()] {
        for token in [&ann.access, &elsewhere.access] {
            base.bearer(token)
                .get(ME)
                .await
                .expect_error(401, "TOKEN_REVOKED");
        }
        let program = base.bearer(key["secret"].as_str().unwrap());
        program
            .get("/api/orders")
            .await
            .expect_error(403, "ACCOUNT_DISABLED");
        let refresh = json!({"refreshToken": ann.refresh});
        base.post("/api/auth/refresh", refresh)
            .await
            .expect_error(401, "TOKEN_REVOKED");
    }
    let listed = admin.get("/api/users?q=ann").await.expect(200).list();
    assert_eq!(listed[0]["deletionAt"], until, "{listed:?}");
    app.run_jobs().await;
    assert_eq!(subjects(app, &ann.email), ["Your account will be deleted"]);
    // The address is still taken.
    let taken = json!({"email": ann.email, "password": ann.password, "name": "Ann"});
    app.client()
        .post("/api/auth/register", taken)
        .await
        .expect_error(409, "CONFLICT");
    app.advance(GRACE - MINUTE);
    assert_eq!(delete_due(app.node()).await, 0);
    let token = offer(login(app, &ann).await);
    let body = json!({"restoreToken": token});
    let restored = app.client().post(RESTORE, body.clone()).await.expect(200);
    let restored = TestUser::of(&restored, &app.client(), &ann.password);
    let me = restored.get(ME).await.expect(200).data();
    app.run_jobs().await;
    let mails = subjects(app, &ann.email);
    assert!(
        mails.iter().any(|mail| mail == "Your account is restored"),
        "{mails:?}"
    );
    assert_eq!((&me["id"], &me["deletionAt"]), (&json!(ann.id), &Value::Null));
    program.get("/api/orders").await.expect(200);
    // The token works once, and what ended stays so.
    app.client()
        .post(RESTORE, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let refresh = json!({"refreshToken": ann.refresh});
    app.client().post("/api/auth/refresh", refresh).await.expect(401);
    app.advance(HOUR);
    assert_eq!(delete_due(app.node()).await, 0);
    login(app, &ann).await.expect(200);
    other.stop().await;
    app.leave_jobs();
}

async fn the_deletion_needs_a_step_up_and_a_session(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.delete(ME).await.expect_error(403, "STEP_UP_REQUIRED");
    app.client().delete(ME).await.expect_error(401, "UNAUTHORIZED");
    ann.step_up().await;
    let key = json!({"name": "backup", "scopes": ["create:order"]});
    let key = ann.post("/api/auth/api-keys", key).await.expect(201).data();
    let program = app.client().bearer(key["secret"].as_str().unwrap());
    program.delete(ME).await.expect_error(403, "FORBIDDEN");
    // The proof of one session is not that of another.
    let elsewhere = app.sign_in(&ann.email, &ann.password).await;
    elsewhere.delete(ME).await.expect_error(403, "STEP_UP_REQUIRED");
    app.advance(MINUTE * 10 + SECOND);
    ann.delete(ME).await.expect_error(403, "STEP_UP_REQUIRED");
    assert_eq!(count(app, "users WHERE deletion_at IS NOT NULL").await, "0");
}

async fn the_account_is_deleted_once_when_its_time_has_come(app: &TestApp) {
    let ann = app.customer("ann").await;
    let order = place(&ann, &app.product(5, 100).await, 1).await;
    request_deletion(&ann).await;
    app.run_jobs().await;
    let other = app.another_node().await;
    app.advance(GRACE);
    tokio::join!(delete_due(app.node()), delete_due(&other));
    assert_eq!(delete_due(app.node()).await, 0);
    app.run_jobs().await;
    assert_eq!(
        subjects(app, &ann.email),
        ["Your account will be deleted", "Your account was deleted"]
    );
    let admin = app.admin().await;
    let trail = format!("/api/audit?resource=user&resourceId={}&action=DELETE", ann.id);
    let trail = admin.get(&trail).await.expect(200).list();
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["actor"], "system", "{trail:?}");
    // The law keeps the order, and it names no person.
    assert_eq!(
        admin.get(&order).await.expect(200).data()["userId"],
        json!(ann.id)
    );
    admin.get(&format!("/api/users/{}", ann.id)).await.expect(404);
    assert_eq!(
        count(app, "users WHERE email LIKE 'ann%' OR search_text LIKE '%ann%'").await,
        "0"
    );
    login(app, &ann).await.expect_error(401, "INVALID_CREDENTIALS");
    assert_ne!(app.customer("ann").await.id, ann.id);
    app.advance(HOUR * 49);
    app.engine().sweeper().prune().await.unwrap();
    assert_eq!(count(app, "users WHERE deleted_at IS NOT NULL").await, "0");
    other.stop().await;
}

async fn an_account_whose_time_has_come_is_gone_before_its_row_is(app: &TestApp) {
    let ann = app.customer("ann").await;
    request_deletion(&ann).await;
    app.advance(GRACE - MINUTE);
    let token = offer(login(app, &ann).await);
    app.advance(MINUTE);
    login(app, &ann).await.expect_error(401, "INVALID_CREDENTIALS");
    let body = json!({"restoreToken": token});
    app.client()
        .post(RESTORE, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    assert_eq!(delete_due(app.node()).await, 1);
    app.leave_jobs();
}

async fn trap_19_a_restoration_and_the_deletion_do_not_both_succeed(app: &TestApp) {
    for round in 0..4 {
        let ann = app.customer(&format!("ann{round}")).await;
        request_deletion(&ann).await;
        let token = offer(login(app, &ann).await);
        // The clock of the node that deletes is ahead, so that both may be right.
        let clock = mainstay_platform::clock::ManualClock::new(app.now().after(GRACE));
        let ahead = app.another_node_at(std::sync::Arc::new(clock)).await;
        let (client, body) = (app.client(), json!({"restoreToken": token}));
        let (restored, _) = tokio::join!(client.post(RESTORE, body), delete_due(&ahead));
        assert!([200, 401].contains(&restored.status), "{restored:?}");
        let entries = format!(
            "audit_entries WHERE resource_id = '{}' AND action IN ('RESTORE', 'DELETE')",
            ann.id
        );
        assert_eq!(count(app, &entries).await, "1", "{restored:?}");
        let expected = if restored.status == 200 { 200 } else { 401 };
        login(app, &ann).await.expect(expected);
        ahead.stop().await;
    }
    app.leave_jobs();
}

async fn a_second_factor_is_required_before_the_restoration(app: &TestApp) {
    let ann = app.customer("ann").await;
    let authenticator = app.enrol(&ann).await;
    authenticator.step_up(app, &ann).await;
    ann.delete(ME).await.expect(202);
    let token = app.first_factor(&ann).await;
    // The first factor alone restores nothing.
    let body = json!({"restoreToken": token});
    app.client()
        .post(RESTORE, body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let body = json!({"mfaToken": token, "code": authenticator.code(app.now())});
    let token = offer(app.client().post("/api/auth/mfa/verify", body).await);
    let body = json!({"restoreToken": token, "transport": "cookie"});
    let restored = app.client().post(RESTORE, body).await.expect(200);
    assert!(restored.all("set-cookie").len() >= 2, "{restored:?}");
    assert!(restored.data().get("accessToken").is_none());
    app.leave_jobs();
}

async fn every_way_in_leads_to_the_restoration(app: &TestApp) {
    let ann = app.customer("ann").await;
    request_deletion(&ann).await;
    app.run_jobs().await;
    let email = json!({"email": ann.email});
    // A forgotten password is no reason to lose the account.
    app.client()
        .post("/api/auth/password/forgot", email.clone())
        .await
        .expect(202);
    app.run_jobs().await;
    let reset = crate::email::token(app, &ann.email, "mrp_");
    let body = json!({"token": reset, "password": "another walk in the rain"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect(204);
    let body = json!({"email": ann.email, "password": "another walk in the rain"});
    offer(app.client().post(LOGIN, body).await);
    app.client()
        .post("/api/auth/magic-link", email.clone())
        .await
        .expect(202);
    app.run_jobs().await;
    let link = crate::email::token(app, &ann.email, "mml_");
    let body = json!({"token": link, "confirm": true});
    offer(app.client().post("/api/auth/magic-link/verify", body).await);
    assert_eq!(count(app, "sessions WHERE ended_at IS NULL").await, "0");
    app.leave_jobs();
}

async fn without_a_period_of_grace_the_account_is_deleted_at_once(app: &TestApp) {
    let ann = app.customer("ann").await;
    ann.step_up().await;
    let gone = ann.delete(ME).await.expect(204);
    assert!(
        gone.all("set-cookie")
            .iter()
            .any(|cookie| cookie.contains("accessToken=;")),
        "{gone:?}"
    );
    let refused = ann.get(ME).await;
    assert!([401, 403].contains(&refused.status), "{refused:?}");
    login(app, &ann).await.expect_error(401, "INVALID_CREDENTIALS");
    app.run_jobs().await;
    assert_eq!(subjects(app, &ann.email), ["Your account was deleted"]);
    let trail = format!("/api/audit?resource=user&resourceId={}&action=DELETE", ann.id);
    let trail = app.admin().await.get(&trail).await.expect(200).list();
    assert_eq!(trail[0]["userId"], json!(ann.id), "{trail:?}");
    assert_ne!(app.customer("ann").await.id, ann.id);
}

async fn the_last_administrator_stays(app: &TestApp) {
    let root = app.admin().await;
    root.step_up().await;
    root.delete(ME).await.expect_error(409, "CONFLICT");
    let eve = app.member("eve", "admin").await;
    request_deletion(&eve).await;
    // An administrator who is about to leave is none any more.
    let root = app.admin().await;
    root.step_up().await;
    root.delete(ME).await.expect_error(409, "CONFLICT");
    let token = offer(login(app, &eve).await);
    app.client()
        .post(RESTORE, json!({"restoreToken": token}))
        .await
        .expect(200);
    root.delete(ME).await.expect(202);
    app.leave_jobs();
}

async fn trap_19_two_administrators_do_not_both_leave(app: &TestApp) {
    let one = app.admin().await;
    let two = app.member("eve", "admin").await;
    one.step_up().await;
    two.step_up().await;
    let (first, second) = tokio::join!(one.delete(ME), two.delete(ME));
    assert!(first.status < 500 && second.status < 500, "{first:?} {second:?}");
    let stays = "users WHERE role = 'admin' AND status = 'active' AND deletion_at IS NULL";
    assert_eq!(count(app, stays).await, "1", "{first:?} {second:?}");
    app.leave_jobs();
}

async fn a_stranger_restores_nothing(app: &TestApp) {
    let (ann, bob) = (app.customer("ann").await, app.customer("bob").await);
    request_deletion(&ann).await;
    let token = offer(login(app, &ann).await);
    for wrong in ["", "mra_", "mra_x", &token[..40], &ann.refresh, &"x".repeat(5000)] {
        bob.post(RESTORE, json!({"restoreToken": wrong}))
            .await
            .expect_error(401, "TOKEN_INVALID");
    }
    // It is no token of another kind either.
    let body = json!({"token": token, "password": "another walk in the rain"});
    app.client()
        .post("/api/auth/password/reset", body)
        .await
        .expect_error(401, "TOKEN_INVALID");
    let bearer = app.client().bearer(&token);
    bearer.get(ME).await.expect_error(401, "TOKEN_INVALID");
    app.advance(MINUTE * 10);
    app.client()
        .post(RESTORE, json!({"restoreToken": token}))
        .await
        .expect_error(401, "TOKEN_INVALID");
    app.advance(SECOND);
    assert_eq!(count(app, "users WHERE deletion_at IS NOT NULL").await, "1");
    app.leave_jobs();
}

async fn a_disabled_account_is_deleted_and_not_restored(app: &TestApp) {
    let ann = app.customer("ann").await;
    request_deletion(&ann).await;
    let token = offer(login(app, &ann).await);
    let path = format!("/api/users/{}", ann.id);
    let disabled = json!({"status": "disabled"});
    let admin = app.admin().await;
    let shown = admin.patch(&path, disabled).await.expect(200).data();
    assert!(shown["deletionAt"].is_string(), "{shown}");
    login(app, &ann).await.expect_error(403, "ACCOUNT_DISABLED");
    app.client()
        .post(RESTORE, json!({"restoreToken": token}))
        .await
        .expect_error(403, "ACCOUNT_DISABLED");
    app.advance(GRACE);
    assert_eq!(delete_due(app.node()).await, 1);
    app.leave_jobs();
}
