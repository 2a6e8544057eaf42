//! Replacing the master key: all secrets are sealed again, and then the former key can go.

use crate::passkey::{FINISH, options};
use mainstay_domain::Error;
use mainstay_domain::access::SystemCaller;
use mainstay_engine::key::{FinishReseal, ResealColumn, ResealJobs, SEALED_COLUMNS};
use mainstay_engine::{Engine, RequestContext};
use mainstay_testkit::{Client, TestApp, TestUser, on_both_engines};
use serde_json::json;

on_both_engines! {
    every_secret_is_sealed_again_and_the_former_key_can_go;
    what_no_key_opens_is_reported_and_keeps_the_former_key;
    a_waiting_mail_is_sealed_again_and_sent_under_the_new_key;
}

const NEW: &str = "Zk3vN8qLr1XwB7yTtG5mCj2pHs9aUdEo4fIiR6bKx0Q=";
const ME: &str = "/api/users/me";

fn operator() -> RequestContext {
    RequestContext::system(SystemCaller::OPERATOR)
}

/// The key that the first start of the app generated.
fn former_key(app: &TestApp) -> String {
    let text = std::fs::read_to_string(app.folder().join("master.key")).unwrap();
    text.trim().to_owned()
}

/// Seals one column again, whole; returns how many values, and how many could not be opened.
async fn reseal(engine: &Engine, column: usize) -> (u64, usize) {
    let (mut resealed, mut unreadable, mut next) = (0, 0, Some(ResealColumn::first(column)));
    while let Some(batch) = next {
        let done = engine
            .pipeline()
            .command(&operator(), batch)
            .await
            .unwrap()
            .output;
        resealed += done.resealed;
        unreadable += done.unreadable.len();
        next = done.next;
    }
    (resealed, unreadable)
}

async fn refreshed(client: &Client, user: &TestUser) -> TestUser {
    let renew = json!({"refreshToken": user.refresh});
    let answer = client.post("/api/auth/refresh", renew).await.expect(200);
    TestUser::of(&answer, client, &user.password)
}

async fn every_secret_is_sealed_again_and_the_former_key_can_go(app: &TestApp) {
    let old = former_key(app);
    let mut users = vec![app.customer("ann").await, app.customer("bob").await];
    app.seal_audit().await;
    let response = app.passkey_device().sign(&options(&app.client()).await);
    // The new key is accepted before it seals, then it seals while the old one is still accepted.
    let first = app
        .another_node_with(&[("MASTER_KEY", &old), ("MASTER_KEY_PREVIOUS", NEW)])
        .await;
    let both = app
        .another_node_with(&[("MASTER_KEY", NEW), ("MASTER_KEY_PREVIOUS", &old)])
        .await;
    app.run_jobs().await;
    let sign_in = json!({"email": users[0].email, "password": users[0].password});
    let by_new = both.client().post("/api/auth/login", sign_in).await;
    users.push(TestUser::of(
        &by_new.expect(200),
        &app.client(),
        &users[0].password,
    ));
    for user in &mut users {
        *user = refreshed(&first.client(), user).await;
    }
    // Interrupted after the first batch of the first column: both keys are still needed, and nothing is lost.
    let partly = both
        .engine
        .pipeline()
        .command(&operator(), ResealColumn::first(0))
        .await
        .unwrap()
        .output;
    assert_eq!(
        (partly.resealed, partly.unreadable.len()),
        (2, 0),
        "the seeds of Ann's and Bob's first sessions"
    );
    let early = both.engine.pipeline().command(&operator(), FinishReseal).await;
    assert!(
        matches!(early, Err(Error::Conflict(_))),
        "the signing keys are left: {early:?}"
    );
    // Again from the beginning; what was done is not done twice, and several runs may go on at once.
    for (column, sealed) in SEALED_COLUMNS.iter().enumerate() {
        let runs =
            futures_util::future::join(reseal(&both.engine, column), reseal(&both.engine, column)).await;
        let done = [runs.0, runs.1].iter().map(|(done, _)| done).sum::<u64>();
        assert_eq!(
            done,
            u64::from(sealed.name() == "signing_keys.sealed"),
            "{}",
            sealed.name()
        );
    }
    assert!(
        both.engine
            .pipeline()
            .command(&operator(), FinishReseal)
            .await
            .unwrap()
            .output
    );
    assert!(
        !both
            .engine
            .pipeline()
            .command(&operator(), FinishReseal)
            .await
            .unwrap()
            .output,
        "done"
    );
    for node in [first, both] {
        node.stop().await;
    }
    // The former key is gone: sessions, tokens, devices and the audit trail are as they were.
    let only_new = app.another_node_with(&[("MASTER_KEY", NEW)]).await;
    // What is valid for minutes is not sealed again: it is over, which is no fault of the server.
    only_new
        .client()
        .post(FINISH, response)
        .await
        .expect_error(401, "TOKEN_INVALID");
    for user in &users {
        let user = refreshed(&only_new.client(), user).await;
        only_new.client().bearer(&user.access).get(ME).await.expect(200);
    }
    only_new.engine.audit_sealer().seal(1000).await.unwrap();
    let verdict = only_new.engine.audit_verifier().verify(None).await.unwrap();
    assert!(verdict.faults.is_empty(), "{verdict:?}");
    only_new.stop().await;
}

async fn what_no_key_opens_is_reported_and_keeps_the_former_key(app: &TestApp) {
    let old = former_key(app);
    app.customer("ann").await;
    // Another application's value, or one that was changed.
    app.execute_raw("UPDATE sessions SET seed = (SELECT sealed FROM signing_keys)")
        .await;
    let both = app
        .another_node_with(&[("MASTER_KEY", NEW), ("MASTER_KEY_PREVIOUS", &old)])
        .await;
    assert_eq!(reseal(&both.engine, 0).await, (0, 1));
    assert_eq!(reseal(&both.engine, 1).await, (1, 0));
    let early = both.engine.pipeline().command(&operator(), FinishReseal).await;
    assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
    both.stop().await;
    // The former key stays in use until what it sealed is gone.
    app.another_node_with(&[("MASTER_KEY", NEW), ("MASTER_KEY_PREVIOUS", &old)])
        .await
        .stop()
        .await;
}

async fn a_waiting_mail_is_sealed_again_and_sent_under_the_new_key(app: &TestApp) {
    let old = former_key(app);
    let body = json!({"email": "ann@example.com", "password": "walks in the rain", "name": "Ann"});
    app.client().post("/api/auth/register", body).await.expect(201);
    let both = app
        .another_node_with(&[("MASTER_KEY", NEW), ("MASTER_KEY_PREVIOUS", &old)])
        .await;
    for column in 0..SEALED_COLUMNS.len() {
        reseal(&both.engine, column).await;
    }
    let pipeline = both.engine.pipeline();
    let early = pipeline.command(&operator(), FinishReseal).await;
    assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
    for expected in [1, 0] {
        let done = pipeline.command(&operator(), ResealJobs::first()).await;
        let done = done.unwrap().output;
        assert_eq!(
            (done.resealed, done.unreadable.len(), done.next),
            (expected, 0, None)
        );
    }
    assert!(pipeline.command(&operator(), FinishReseal).await.unwrap().output);
    both.stop().await;
    let only_new = app.another_node_with(&[("MASTER_KEY", NEW)]).await;
    let jobs = only_new.engine.jobs().claim(10).await.unwrap();
    only_new.engine.jobs().run_all(jobs, 1).await;
    let mails = app.mailbox.messages();
    assert_eq!(mails.last().unwrap().to.as_str(), "ann@example.com");
    only_new.stop().await;
}
