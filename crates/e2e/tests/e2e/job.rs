//! Background jobs as administrators see them: retried with a backoff, dead, put back into their queue.

use crate::order_cancel_expire::{place, status};
use crate::{HOUR, SECOND};
use mainstay_engine::job::runner::JobResult;
use mainstay_testkit::{TestApp, TestUser, on_both_engines};
use serde_json::{Value, json};

on_both_engines! {
    the_backoff_grows_with_each_attempt;
    a_dead_job_is_listed_and_retried_by_an_administrator;
    only_a_dead_job_can_be_retried;
    jobs_are_visible_only_with_the_permission_to_manage_them;
    a_job_of_an_unknown_kind_waits_for_a_process_that_knows_it;
    finished_jobs_are_pruned_and_dead_ones_stay;
}

async fn jobs(app: &TestApp, query: &str) -> Vec<Value> {
    app.admin()
        .await
        .get(&format!("/api/jobs?{query}"))
        .await
        .expect(200)
        .list()
}

/// Places an order and starts its payment; returns the order's path.
async fn paying(app: &TestApp, person: &TestUser) -> String {
    let product = app.product(5, 100).await;
    let path = place(person, &product, 1).await;
    person.post_nothing(&format!("{path}/pay")).await.expect(202);
    path
}

async fn the_backoff_grows_with_each_attempt(app: &TestApp) {
    let ann = app.customer("ann").await;
    paying(app, &ann).await;
    app.gateway.fail_next(100);
    let mut waits = Vec::new();
    for attempt in 1..=6 {
        assert_eq!(
            app.run_jobs().await,
            [("payment.charge".to_owned(), JobResult::Retrying)]
        );
        let job = jobs(app, "kind=payment.charge").await.remove(0);
        assert_eq!(
            (&job["state"], &job["attempts"]),
            (&json!("retrying"), &json!(attempt))
        );
        assert!(
            job["lastError"]
                .as_str()
                .unwrap()
                .contains("the payment gateway is not available"),
            "{job}"
        );
        let due = mainstay_domain::time::Timestamp::parse(job["runAt"].as_str().unwrap()).unwrap();
        waits.push(due.since(app.now()));
        app.advance(waits[waits.len() - 1] - SECOND / 2);
        assert!(
            app.run_jobs().await.is_empty(),
            "not before the backoff has passed"
        );
        app.advance(SECOND);
    }
    for (at, wait) in waits.iter().enumerate() {
        let base = SECOND * (1 << at);
        // The API shows milliseconds only.
        assert!(
            *wait + SECOND / 100 >= base && *wait <= base + base / 2,
            "{waits:?}"
        );
    }
    app.leave_jobs();
}

async fn a_dead_job_is_listed_and_retried_by_an_administrator(app: &TestApp) {
    let ann = app.customer("ann").await;
    paying(app, &ann).await;
    app.mailbox.fail_next(12);
    assert_eq!(
        app.run_jobs().await[0],
        ("payment.charge".to_owned(), JobResult::Done)
    );
    app.advance(2 * HOUR);
    for attempt in 2..=12 {
        let expected = if attempt < 12 {
            JobResult::Retrying
        } else {
            JobResult::Dead
        };
        assert_eq!(
            app.run_jobs().await,
            [("mail.order-paid".to_owned(), expected)],
            "attempt {attempt}"
        );
        app.advance(2 * HOUR);
    }
    assert!(
        app.run_jobs().await.is_empty(),
        "a dead job is not attempted again"
    );
    let dead = jobs(app, "state=dead").await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (&dead[0]["attempts"], &dead[0]["maxAttempts"], &dead[0]["kind"]),
        (&json!(12), &json!(12), &json!("mail.order-paid"))
    );
    assert_ne!(dead[0]["finishedAt"], Value::Null);
    let retry = format!("/api/jobs/{}/retry", dead[0]["id"].as_str().unwrap());
    app.admin().await.post_nothing(&retry).await.expect(204);
    assert!(app.mailbox.messages().is_empty());
    app.run_jobs().await;
    assert_eq!(app.mailbox.messages().len(), 1);
    assert!(jobs(app, "state=dead").await.is_empty());
    let trail = app
        .admin()
        .await
        .get("/api/audit?resource=job&action=RETRY")
        .await
        .list();
    assert_eq!(
        (&trail[0]["before"]["state"], &trail[0]["after"]["state"]),
        (&json!("dead"), &json!("queued"))
    );
}

async fn only_a_dead_job_can_be_retried(app: &TestApp) {
    let ann = app.customer("ann").await;
    paying(app, &ann).await;
    let admin = app.admin().await;
    let retry = format!(
        "/api/jobs/{}/retry",
        jobs(app, "").await[0]["id"].as_str().unwrap()
    );
    admin
        .post_nothing(&retry)
        .await
        .expect_error(409, "INVALID_STATE");
    app.gateway.fail_next(1);
    app.run_jobs().await;
    admin
        .post_nothing(&retry)
        .await
        .expect_error(409, "INVALID_STATE");
    app.advance(2 * SECOND);
    app.run_jobs().await;
    admin
        .post_nothing(&retry)
        .await
        .expect_error(409, "INVALID_STATE");
    assert_eq!(app.gateway.collected().len(), 1);
    let unknown = "/api/jobs/0199b1f4-7c00-7000-8000-000000000001/retry";
    admin.post_nothing(unknown).await.expect_error(404, "NOT_FOUND");
}

async fn jobs_are_visible_only_with_the_permission_to_manage_them(app: &TestApp) {
    let ann = app.customer("ann").await;
    paying(app, &ann).await;
    let retry = format!(
        "/api/jobs/{}/retry",
        jobs(app, "").await[0]["id"].as_str().unwrap()
    );
    for role in ["customer", "support", "manager"] {
        let person = app.member(role, role).await;
        person.get("/api/jobs").await.expect_error(403, "FORBIDDEN");
        person.post_nothing(&retry).await.expect_error(403, "FORBIDDEN");
    }
    app.client()
        .get("/api/jobs")
        .await
        .expect_error(401, "UNAUTHORIZED");
    let job = jobs(app, "").await.remove(0);
    assert!(
        job.get("payload").is_none(),
        "a payload may contain what its reader may not see: {job}"
    );
    app.run_jobs().await;
    assert_eq!(jobs(app, "state=done&queue=payments").await.len(), 1);
    assert_eq!(jobs(app, "kind=mail.order-paid").await.len(), 1);
    assert_eq!(jobs(app, "state=queued").await.len(), 0);
}

async fn a_job_of_an_unknown_kind_waits_for_a_process_that_knows_it(app: &TestApp) {
    let ann = app.customer("ann").await;
    let path = paying(app, &ann).await;
    app.execute_raw("UPDATE jobs SET kind = 'payment.charge-2'").await;
    assert_eq!(
        app.run_jobs().await,
        [("payment.charge-2".to_owned(), JobResult::Retrying)]
    );
    app.execute_raw("UPDATE jobs SET kind = 'payment.charge'").await;
    app.advance(2 * SECOND);
    app.run_jobs().await;
    assert_eq!(status(&ann, &path).await, "paid");
}

async fn finished_jobs_are_pruned_and_dead_ones_stay(app: &TestApp) {
    let ann = app.customer("ann").await;
    paying(app, &ann).await;
    app.run_jobs().await;
    paying(app, &ann).await;
    app.execute_raw("UPDATE jobs SET max_attempts = 1 WHERE state = 'queued'")
        .await;
    app.gateway.fail_next(1);
    app.run_jobs().await;
    app.advance(8 * 24 * HOUR);
    app.engine().sweeper().prune().await.unwrap();
    let left = jobs(app, "").await;
    assert_eq!((left.len(), &left[0]["state"]), (1, &json!("dead")));
    app.leave_jobs();
}
